//! Starting, changing and stopping a gateway.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use covouch_core::{
    name::ProjectName,
    party::PartyName,
    subject::{FileName, Subject},
};
use covouch_io::{
    adapters::{AdapterSources, Means},
    clock::Clock,
    index::PageFetcher,
    network::Network,
    state::State,
};
use covouch_policy::Blocked;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};
use url::Url;

use crate::{
    address::{FileAddress, Piece},
    connect::Guard,
    destination::Destination,
    download::Downloads,
    gate::{Gate, Parts},
    limits,
    router::router,
    server::{self, Answers},
    session::{Session, SessionReport},
    snapshot::{Basis, Snapshot},
    upstream::Upstream,
};

/// Says whether there is something new to decide with; asked every [`limits::RENEWAL_TIME`], on a thread that may
/// read the disk.
pub type Renewal = Box<dyn FnMut() -> Option<Basis> + Send>;

/// What a gateway needs.
pub struct Settings {
    /// What it decides with at the start.
    pub basis: Basis,
    /// Whence it learns of changes, if they are to be noticed.
    pub renewal: Option<Renewal>,
    /// The way out.
    pub network: Network,
    /// Where files and pages are kept.
    pub state: State,
    /// The time.
    pub clock: Clock,
    /// How a file that is kept out is shown.
    pub blocked: Blocked,
    /// Hosts that clients may reach past the gateway.
    pub connect: Vec<Destination>,
    /// What the policies name for adapters to read.
    pub adapters: AdapterSources,
    /// The address clients and people know it by, where it is another than the one it listens on.
    pub public: Option<Url>,
}

/// A file, as its project's home index lists it.
#[derive(Clone, Debug)]
pub struct Located {
    /// The file.
    pub subject: Subject,
    /// The index whose file it is.
    pub home: PartyName,
    /// Its address here, as pages have it when it is let through.
    pub here: Url,
    /// Its address there.
    pub upstream: Url,
}

/// Why a gateway does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The listening socket has no address.
    #[error("the listening address is not known: {0}")]
    Address(std::io::Error),
    /// The public address cannot have paths below it, or is not of the web.
    #[error("`{0}` is not an http or https address that ends in `/`")]
    Public(String),
}

impl StartError {
    /// The error's stable code.
    #[must_use]
    pub fn code(&self) -> covouch_core::code::Code {
        crate::code::ADDRESS
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<covouch_core::hint::Hint> {
        match self {
            Self::Address(_) => None,
            Self::Public(_) => Some(covouch_core::hint::Hint::new("write it as `https://packages.example/`")),
        }
    }
}

/// A running gateway. Dropped, it accepts nothing more; [`Gateway::shutdown`] also waits for requests under way.
pub struct Gateway {
    address: SocketAddr,
    root: Url,
    gate: Arc<Gate>,
    numbers: Arc<AtomicU64>,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
    renewing: Option<JoinHandle<()>>,
}

impl Gateway {
    /// Serves on this socket until [`Gateway::shutdown`].
    ///
    /// # Errors
    /// [`StartError`] when an address does not make sense.
    pub fn start(listener: TcpListener, settings: Settings) -> Result<Self, StartError> {
        let address = listener.local_addr().map_err(StartError::Address)?;
        let root = match settings.public {
            Some(public) => checked(public)?,
            None => loopback(address)?,
        };
        let (stop, stopping) = watch::channel(false);
        let session = Arc::new(Session::default());
        let (network, state) = (settings.network, settings.state);
        let means = Means {
            network: network.clone(),
            state: state.clone(),
            clock: settings.clock,
            fetcher: PageFetcher::new(network.clone(), state.clone(), settings.clock),
            indexes: settings
                .basis
                .indexes
                .iter()
                .map(|index| (index.name().clone(), index.clone()))
                .collect(),
        };
        let gate = Arc::new(Gate::new(Parts {
            session: Arc::clone(&session),
            downloads: Arc::new(Downloads::new(network.clone(), state.clone(), Arc::clone(&session))),
            upstream: Upstream::new(settings.adapters, means, Arc::clone(&session)),
            network,
            clock: settings.clock,
            blocked: settings.blocked,
            root: root.clone(),
            snapshot: Arc::new(Snapshot::new(0, settings.basis)),
        }));
        let guard = Guard::new(settings.connect, ourselves(address, &root), session, stopping.clone());
        let answers = Answers { guard: Arc::new(guard), router: router(Arc::clone(&gate)) };
        let numbers = Arc::new(AtomicU64::new(1));
        let renewing = settings.renewal.map(|renewal| {
            tokio::spawn(renew(Arc::clone(&gate), Arc::clone(&numbers), renewal, stopping.clone()))
        });
        let serving = tokio::spawn(server::serve(listener, answers, stopping));
        Ok(Self { address, root, gate, numbers, stop, serving, renewing })
    }

    /// The address it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address to give installers as their index.
    #[must_use]
    pub fn index_url(&self) -> Url {
        let mut url = self.root.clone();
        url.set_path(&format!("{}simple/", self.root.path()));
        url
    }

    /// The address to give programs as their proxy, for everything that is not the index.
    #[must_use]
    pub fn proxy_url(&self) -> Url {
        let mut url = self.root.clone();
        url.set_path("/");
        url
    }

    /// Where a file that its project's home index lists is, here and there; `None` when there is no such file, or
    /// its index cannot be asked. Whether it is let through is decided when it is asked for.
    pub async fn locate(&self, project: &ProjectName, filename: &FileName) -> Option<Located> {
        let project = self.gate.project(project).await.ok()?;
        let listed = project.files.get(filename)?;
        Some(Located {
            subject: listed.subject.clone()?,
            home: project.home.clone(),
            here: self.root.join(&listed.address).ok()?,
            upstream: listed.remote.as_ref()?.request.url().clone(),
        })
    }

    /// The index a project comes from; `None` when there is none, or it cannot be asked.
    pub async fn home(&self, project: &ProjectName) -> Option<PartyName> {
        Some(self.gate.project(project).await.ok()?.home.clone())
    }

    /// What an address of this gateway stands for: the page or the file at the index it comes from. Clients write
    /// addresses down, and the gateway's own lead nowhere once it is closed.
    pub async fn upstream(&self, here: &Url) -> Option<Url> {
        let path =
            here.path().strip_prefix(self.root.path()).filter(|_| here.origin() == self.root.origin())?;
        if let Some(project) = path.strip_prefix("simple/") {
            let project = ProjectName::parse(project.trim_end_matches('/')).ok()?;
            let home = self.home(&project).await?;
            return self.gate.snapshot().index(&home).map(|index| index.page_url(&project));
        }
        let file = FileAddress::parse(path.strip_prefix("files/")?)?;
        let mut url = self.locate(&file.project, &file.filename).await?.upstream;
        if file.piece == Piece::Metadata {
            url.set_path(&format!("{}.metadata", url.path()));
        }
        Some(url)
    }

    /// Decides with something else from now on. Requests under way finish with what they began with, and every file
    /// is judged anew.
    pub fn renew(&self, basis: Basis) {
        install(&self.gate, &self.numbers, basis);
    }

    /// What happened so far.
    #[must_use]
    pub fn session(&self) -> SessionReport {
        self.gate.session.report()
    }

    /// Accepts nothing more, lets requests under way finish for a while, and says what happened.
    pub async fn shutdown(mut self) -> SessionReport {
        self.stop.send_replace(true);
        let patience = limits::SHUTDOWN_TIME.saturating_add(Duration::from_secs(1));
        // What does not end by itself is ended when `self` is dropped.
        let _ = tokio::time::timeout(patience, &mut self.serving).await;
        self.gate.session.report()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        self.serving.abort();
        if let Some(renewing) = &self.renewing {
            renewing.abort();
        }
    }
}

/// Asks for something new again and again.
async fn renew(
    gate: Arc<Gate>,
    numbers: Arc<AtomicU64>,
    mut renewal: Renewal,
    mut stopping: watch::Receiver<bool>,
) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(limits::RENEWAL_TIME) => {}
            _ = stopping.wait_for(|stopping| *stopping) => return,
        }
        let asked = tokio::task::spawn_blocking(move || {
            let found = renewal();
            (renewal, found)
        });
        // A source that panics has nothing more to say; what was decided with so far stays.
        let Ok((back, found)) = asked.await else { return };
        renewal = back;
        if let Some(basis) = found {
            install(&gate, &numbers, basis);
        }
    }
}

fn install(gate: &Gate, numbers: &AtomicU64, basis: Basis) {
    let number = numbers.fetch_add(1, Ordering::Relaxed);
    gate.renew(Arc::new(Snapshot::new(number, basis)));
}

fn checked(public: Url) -> Result<Url, StartError> {
    let is_web = matches!(public.scheme(), "http" | "https") && public.query().is_none();
    if is_web && public.path().ends_with('/') && public.username().is_empty() && public.password().is_none() {
        Ok(public)
    } else {
        Err(StartError::Public(public.host_str().unwrap_or_default().to_owned()))
    }
}

/// Where this machine reaches the socket: one that listens everywhere also listens here.
fn loopback(address: SocketAddr) -> Result<Url, StartError> {
    let host = match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => "127.0.0.1".to_owned(),
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => "[::1]".to_owned(),
        SocketAddr::V4(v4) => v4.ip().to_string(),
        SocketAddr::V6(v6) => format!("[{}]", v6.ip()),
    };
    let text = format!("http://{host}:{}/", address.port());
    Url::parse(&text).map_err(|_| StartError::Public(text))
}

/// The names under which clients that use us as their proxy may ask for our own pages.
fn ourselves(address: SocketAddr, root: &Url) -> Vec<Destination> {
    let port = address.port();
    let public = root.host_str().zip(root.port_or_known_default());
    let public = public.map(|(host, port)| format!("{host}:{port}"));
    let here = [
        format!("127.0.0.1:{port}"),
        format!("[::1]:{port}"),
        format!("localhost:{port}"),
        address.to_string(),
    ];
    here.into_iter().chain(public).filter_map(|text| text.parse().ok()).collect()
}
