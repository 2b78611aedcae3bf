//! `covouch gateway`: the gate as an index for others.

use std::path::Path;

use tokio::net::TcpListener;

use crate::{
    args::Gateway,
    exit::Exit,
    failure::Failure,
    gate::{self, Gate},
    policies::Loaded,
    settings::Settings,
    terminal::{TYPE, Terminal, paint},
};

pub(super) fn run(arguments: &Gateway, settings: &Settings, terminal: &Terminal) -> Result<Exit, Failure> {
    let loaded = Loaded::find(Path::new("."), settings, terminal)?;
    settings.block_on(async {
        let listener = TcpListener::bind(arguments.listen).await.map_err(|error| {
            Failure::new("address-in-use", format!("`{}`: {error}", arguments.listen))
                .hinting("choose another with `--listen`")
        })?;
        let gate = Gate::open(listener, &loaded, gate::Renewing::OnChange, settings, terminal).await?;
        let index = gate.gateway.index_url();
        terminal.answer(format_args!("serving {index}"));
        terminal.note(format_args!(
            "try it: {}",
            paint(TYPE, format_args!("pip install --index-url {index} idna"))
        ));
        stopped().await;
        terminal.note("stopping; requests under way are finished");
        gate.gateway.shutdown().await;
        Ok(Exit::Admitted)
    })?
}

/// Waits until somebody asks the process to stop.
async fn stopped() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        let Ok(mut terminated) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
        else {
            drop(interrupted.await);
            return;
        };
        tokio::select! {
            _ = interrupted => {}
            _ = terminated.recv() => {}
        }
    }
    #[cfg(not(unix))]
    drop(interrupted.await);
}
