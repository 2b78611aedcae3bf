//! How slowly a server may send before it is left.
//!
//! A server that sends a byte now and then is never silent, and nobody who waits for its last byte learns anything
//! newer (TUF §1.5.2: slow retrieval attacks).
//!
//! # Invariants
//! - Only time in which we wait for the server counts; our own disk, and whoever reads behind us, may take theirs.
//! - What brings enough in every stretch is not cut off here, however long it is.
//!
//! # Not here
//! Silence, and the time for a page in all: [`super::Patience`] has limits of their own for them.

use std::time::Duration;

/// The least that the body of an answer brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// So many bytes
    pub bytes: u64,
    /// in each stretch of so much waiting.
    pub within: Duration,
}

/// One stretch of waiting after the other.
#[derive(Debug)]
pub(super) struct Stretch {
    pace: Pace,
    waited: Duration,
    come: u64,
}

impl Stretch {
    pub(super) const fn begin(pace: Pace) -> Self {
        Self { pace, waited: Duration::ZERO, come: 0 }
    }

    /// How much longer may be waited before enough must have come.
    pub(super) const fn left(&self) -> Duration {
        self.pace.within.saturating_sub(self.waited)
    }

    /// How long a stretch is.
    pub(super) const fn within(&self) -> Duration {
        self.pace.within
    }

    /// Counts what came after so much waiting. At the end of a stretch that brought enough the next one begins; one that
    /// did not is given back as what it brought.
    pub(super) fn came(&mut self, bytes: u64, waited: Duration) -> Result<(), u64> {
        self.waited = self.waited.saturating_add(waited);
        self.come = self.come.saturating_add(bytes);
        if self.waited < self.pace.within {
            return Ok(());
        }
        let brought = self.come;
        *self = Self::begin(self.pace);
        if brought < self.pace.bytes { Err(brought) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace { bytes: 100, within: Duration::from_secs(10) };

    /// A server that sends so many bytes each second, for a minute.
    fn brings(bytes: u64) -> Result<(), u64> {
        let mut stretch = Stretch::begin(PACE);
        (0..60).try_for_each(|_| stretch.came(bytes, Duration::from_secs(1)))
    }

    #[test]
    fn a_byte_too_few_in_a_stretch_is_too_slow() {
        assert_eq!(brings(9), Err(90));
        assert_eq!(brings(10), Ok(()));
    }

    #[test]
    fn what_came_early_does_not_count_for_later() {
        let mut stretch = Stretch::begin(PACE);
        assert_eq!(stretch.came(1_000_000, Duration::from_secs(10)), Ok(()));
        assert_eq!(stretch.left(), PACE.within);
        assert_eq!(stretch.came(99, Duration::from_secs(10)), Err(99));
    }

    #[test]
    fn time_that_nobody_waits_is_nobodys() {
        let mut stretch = Stretch::begin(PACE);
        for _ in 0..1000 {
            assert_eq!(stretch.came(1, Duration::ZERO), Ok(()));
        }
        assert_eq!(stretch.left(), PACE.within);
    }
}
