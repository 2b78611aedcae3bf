//! A world's indexes, running.

use std::collections::BTreeMap;

use covouch_core::party::PartyName;

use super::{Addresses, World};
use crate::index::{Fault, Feature, IndexServer, Site, Target};

/// The running indexes of a world.
#[derive(Debug)]
pub struct Served {
    servers: BTreeMap<PartyName, IndexServer>,
    /// The mirror of the archive, where there is one.
    mirror: Option<IndexServer>,
}

impl World {
    /// Starts every index of this world as it is at the world's moment. An index that is not reachable answers
    /// everything with 503.
    #[must_use]
    pub fn serve(&self) -> Served {
        let servers = self.indexes.keys().map(|name| (name.clone(), IndexServer::start(self.site(name))));
        let mirror = self.has_archive().then(|| IndexServer::start(self.archive()));
        let served = Served { servers: servers.collect(), mirror };
        for (name, facts) in &self.indexes {
            if !facts.reachable {
                served.server(name.as_str()).fail(Target::Everything, Fault::Status(503));
            }
        }
        served
    }

    fn site(&self, name: &PartyName) -> Site {
        let mut site = Site::new();
        for file in self.listed(name, self.now) {
            site.list(file);
        }
        let Some(facts) = self.indexes.get(name) else { return site };
        for (project, status) in &facts.status {
            site.project(project).status = *status;
        }
        for (does, feature) in [(facts.upload_times, Feature::UploadTimes), (facts.statuses, Feature::Status)]
        {
            if !does {
                site = site.without(feature);
            }
        }
        site
    }
}

impl Served {
    /// The index of this name, running.
    ///
    /// # Panics
    /// When the world has no such index.
    #[must_use]
    pub fn server(&self, name: &str) -> &IndexServer {
        let mut servers = self.servers.iter();
        servers.find(|(party, _)| party.as_str() == name).expect("an index of this world").1
    }

    /// All of them.
    pub fn servers(&self) -> impl Iterator<Item = (&PartyName, &IndexServer)> {
        self.servers.iter()
    }

    /// Where they are reached.
    #[must_use]
    pub fn addresses(&self) -> Addresses {
        let addresses =
            Addresses::new(self.servers.iter().map(|(name, server)| (name.clone(), server.url())));
        match &self.mirror {
            Some(mirror) => addresses.with_mirror(format!("{}/debian", mirror.origin())),
            None => addresses,
        }
    }
}
