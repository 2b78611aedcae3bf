//! Typed positions, so that a key's number is never taken for a delegation's.

/// Declares a typed position in some vector.
macro_rules! index {
    ($(#[$doc:meta])* $seen:vis $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $seen struct $name(u32);

        impl $name {
            /// The index of this position; beyond what 32 bits count, the last, which no vector here reaches.
            #[must_use]
            $seen fn new(position: usize) -> Self {
                Self(u32::try_from(position).unwrap_or(u32::MAX))
            }

            /// The position.
            #[must_use]
            $seen fn position(self) -> usize {
                usize::try_from(self.0).unwrap_or(usize::MAX)
            }
        }
    };
}

index! {
    /// Somebody who can speak, in a whole graph.
    pub NodeIndex
}
index! {
    /// A delegation or an author grant, in a whole graph.
    pub(crate) EdgeIndex
}
index! {
    /// A key of one instance.
    pub KeyIndex
}
index! {
    /// A party's root key in one instance.
    pub RootIndex
}
index! {
    /// A delegation of one instance.
    pub DelegationIndex
}
index! {
    /// A certification of the file in one instance.
    pub CertificationIndex
}
index! {
    /// An adapter's word in one instance.
    pub WordIndex
}
