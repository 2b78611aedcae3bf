//! A distribution's index, refreshed and loaded when it is first asked about, and again when it is a day old.

use std::sync::Arc;

use covouch_core::{evidence::Gap, time::Timestamp};
use tokio::sync::Mutex;

use super::{DistributionSource, Means};
use crate::{
    blocking::blocking,
    debian::{self, Debian, DebianError, Outcome},
    index::Freshness,
    limits,
};

/// What is known of a distribution.
pub(super) struct Loaded {
    pub(super) debian: Debian,
    /// Why a file of which nothing is known may be packaged all the same.
    pub(super) gap: Option<Gap>,
    at: Timestamp,
}

/// A distribution.
pub(super) struct Distribution {
    source: DistributionSource,
    means: Means,
    loaded: Mutex<Option<Arc<Loaded>>>,
}

impl Distribution {
    pub(super) fn new(source: DistributionSource, means: Means) -> Self {
        Self { source, means, loaded: Mutex::default() }
    }

    /// What is known now. Whoever asks while it is being read waits for it.
    pub(super) async fn load(&self) -> Result<Arc<Loaded>, Gap> {
        let mut loaded = self.loaded.lock().await;
        let now = self.means.clock.now();
        if let Some(known) =
            loaded.as_ref().filter(|known| known.at <= now && known.at.until(now) < limits::DEBIAN_FRESH)
        {
            return Ok(Arc::clone(known));
        }
        let known = Arc::new(self.read().await.map_err(|error| self.gap(&error))?);
        *loaded = Some(Arc::clone(&known));
        Ok(known)
    }

    async fn read(&self) -> Result<Loaded, DebianError> {
        let settings = self.source.settings(Freshness::Recent)?;
        let suites = settings.suites.clone();
        let Means { network, state, clock, .. } = &self.means;
        let refreshed = debian::refresh(network, state, *clock, &settings, &|_| {}).await?;
        let (state, now) = (state.clone(), clock.now());
        let debian = blocking(move || Debian::load(&state, &suites)).await?;
        // A suite that could not be refreshed is still known as it was, for a while.
        let failed = refreshed.suites.into_iter().find_map(|(_, outcome)| match outcome {
            Outcome::Failed(error) => Some(error),
            Outcome::Recent | Outcome::Unchanged | Outcome::Read { .. } => None,
        });
        let gap = debian.gap(now).map(|gap| failed.map_or(gap, |error| self.gap(&error)));
        Ok(Loaded { debian, gap, at: now })
    }

    fn gap(&self, error: &DebianError) -> Gap {
        Gap { code: error.code(), source: self.source.name.as_str().into(), detail: error.to_string().into() }
    }
}
