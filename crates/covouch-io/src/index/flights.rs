//! Pages on their way, so that no page is fetched twice at the same time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use tokio::sync::OnceCell;
use url::Url;

use super::{Freshness, PageAnswer};

type Flight = OnceCell<PageAnswer>;

/// The flights somebody waits for. When the last one stops waiting, the flight is gone, and with it its answer.
#[derive(Default)]
pub(super) struct Flights(Mutex<HashMap<(Url, Freshness), Weak<Flight>>>);

impl Flights {
    /// Joins the flight for this page, or starts one. Whoever demands the newest does not join somebody who
    /// would be content with less.
    pub(super) fn join(&self, url: &Url, freshness: Freshness) -> Arc<Flight> {
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (url.clone(), freshness);
        if let Some(flight) = flights.get(&key).and_then(Weak::upgrade) {
            return flight;
        }
        flights.retain(|_, flight| flight.strong_count() > 0);
        let flight = Arc::new(Flight::new());
        flights.insert(key, Arc::downgrade(&flight));
        flight
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flight_is_joined_while_somebody_waits() {
        let (flights, url) = (Flights::default(), Url::parse("https://index.example/simple/six/").unwrap());
        let first = flights.join(&url, Freshness::Recent);
        assert!(Arc::ptr_eq(&first, &flights.join(&url, Freshness::Recent)));
        assert!(!Arc::ptr_eq(&first, &flights.join(&url, Freshness::Demand)));
        drop(first);
        let other = Url::parse("https://index.example/simple/seven/").unwrap();
        let _held = flights.join(&other, Freshness::Recent);
        assert_eq!(flights.0.lock().unwrap().len(), 1, "nothing is remembered of flights that ended");
    }
}
