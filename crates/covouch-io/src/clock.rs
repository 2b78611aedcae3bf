//! The time, asked in one place.
//!
//! # Not here
//! The environment: a shell that lets `COVOUCH_NOW` stand for the time reads it itself and says so.

use std::time::{SystemTime, UNIX_EPOCH};

use covouch_core::time::Timestamp;

/// Where the time comes from: the system, or one moment at which it stands still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock(Option<Timestamp>);

impl Clock {
    /// The system's clock.
    #[must_use]
    pub const fn system() -> Self {
        Self(None)
    }

    /// A clock that stands still.
    #[must_use]
    pub const fn stopped(at: Timestamp) -> Self {
        Self(Some(at))
    }

    /// The time, in whole seconds.
    #[must_use]
    pub fn now(self) -> Timestamp {
        self.0.unwrap_or_else(now)
    }
}

/// The system's time, in whole seconds. A clock that stands before 1970 counts as 1970: everything is then
/// "not yet valid", which admits nothing.
///
/// # Panics
/// When the clock stands after the year 9999.
#[must_use]
pub fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX);
    #[expect(clippy::expect_used, reason = "no verdict is better than one at a made-up time")]
    Timestamp::from_unix(seconds).expect("the system's clock stands before the year 10000")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stopped_clock_stands_still() {
        let noon = Timestamp::parse("2026-05-12T12:00:00Z").unwrap();
        assert_eq!(Clock::stopped(noon).now(), noon);
        assert!(Clock::system().now() > noon, "this test was written later");
    }
}
