//! TAP 15, succinct hashed bins: all roles of one length of prefix, said in four fields.

use std::collections::BTreeMap;

use covouch_core::digest::Sha256;

use crate::{
    field::{Fields, Malformed},
    key::Key,
    limits,
    role::check_name,
    threshold::Signers,
    value::Value,
};

/// Bins of paths by the first bits of their SHA-256, all with the same keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bins {
    bits: u8,
    prefix: String,
    signers: Signers,
}

impl Bins {
    /// `2^bits` bins; `bits` is brought within what [`limits`] allow.
    #[must_use]
    pub fn new(bits: u8, prefix: impl Into<String>, signers: Signers) -> Self {
        Self { bits: bits.clamp(1, limits::BIN_BITS), prefix: prefix.into(), signers }
    }

    /// How many bits it should be for so many projects: about as many bytes in the snapshot as in the bins that a
    /// reader of some fifty projects takes.
    #[must_use]
    pub fn bits_for(projects: usize) -> u8 {
        // round(log2(sqrt(160·n))) without floating point: the first b with 4^b·2 > 160·n.
        let wanted = projects.saturating_mul(160);
        let enough = |bits: u8| 1_usize.checked_shl(2 * u32::from(bits) + 1).is_none_or(|size| size > wanted);
        (limits::LEAST_BIN_BITS..limits::BIN_BITS).find(|bits| enough(*bits)).unwrap_or(limits::BIN_BITS)
    }

    pub(crate) fn read(fields: Fields<'_>, keys: &BTreeMap<String, Key>) -> Result<Self, Malformed> {
        let bits = u8::try_from(fields.number("bit_length")?).ok();
        let bits = bits.filter(|bits| (1..=32).contains(bits));
        let bits = bits.ok_or_else(|| Malformed::new("`bit_length` is not a number from 1 to 32"))?;
        let prefix = fields.text("name_prefix")?;
        check_name(prefix)?;
        Ok(Self { bits, prefix: prefix.to_owned(), signers: Signers::read(fields, keys)? })
    }

    pub(crate) fn write(&self) -> Value<'_> {
        let [ids, threshold] = self.signers.write();
        let succinct = Value::object([
            ids,
            threshold,
            ("bit_length", Value::number(self.bits.into())),
            ("name_prefix", Value::text(&self.prefix)),
        ]);
        Value::object([
            ("keys", Value::Object(self.signers.write_keys().collect())),
            ("succinct_roles", succinct),
        ])
    }

    /// How many bits of a digest choose the bin.
    #[must_use]
    pub const fn bits(&self) -> u8 {
        self.bits
    }

    /// What the names of all bins begin with.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Who signs every bin.
    #[must_use]
    pub const fn signers(&self) -> &Signers {
        &self.signers
    }

    /// The bin of a path.
    #[must_use]
    pub fn role_of(&self, path: &str) -> String {
        let digest = Sha256::of(path.as_bytes());
        let first = u32::from_be_bytes(*digest.as_bytes().first_chunk().unwrap_or(&[0; 4]));
        self.name(first.checked_shr(32 - u32::from(self.bits)).unwrap_or(0))
    }

    /// All bins.
    pub fn roles(&self) -> impl Iterator<Item = String> {
        (0..1_u64 << self.bits)
            .filter_map(|number| u32::try_from(number).ok())
            .map(|number| self.name(number))
    }

    fn name(&self, number: u32) -> String {
        // As many digits as the last bin needs.
        let digits = usize::from(self.bits.div_ceil(4));
        format!("{}-{number:0digits$x}", self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    fn bins(bits: u8) -> Bins {
        Bins::new(bits, "g1", Signers::new(&[], NonZeroU32::MIN))
    }

    #[test]
    fn the_number_of_bins_grows_with_the_root_of_the_projects() {
        for (projects, bits) in
            [(0, 4), (501, 8), (2_000, 9), (100_000, 12), (1_000_000, 14), (usize::MAX, 14)]
        {
            assert_eq!(Bins::bits_for(projects), bits, "{projects}");
        }
    }

    #[test]
    fn a_bin_is_named_by_the_first_bits_of_the_digest() {
        // sha256("six") begins with 0xfc.
        let digest = Sha256::of(b"six").to_string();
        assert_eq!(bins(12).role_of("six"), format!("g1-{}", &digest[..3]));
        assert_eq!(bins(4).role_of("six"), format!("g1-{}", &digest[..1]));
        assert_eq!(bins(5).roles().last(), Some("g1-1f".to_owned()));
        assert_eq!(bins(12).roles().count(), 4096);
    }
}
