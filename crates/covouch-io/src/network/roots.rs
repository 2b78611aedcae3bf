//! What servers' certificates are checked against.

use std::{path::PathBuf, sync::Arc};

use rustls::{ClientConfig, RootCertStore};

use super::settings::{Roots, SettingsError};

/// TLS settings, and whether there is any root certificate in them.
pub(super) struct Trust {
    pub(super) tls: ClientConfig,
    pub(super) has_roots: bool,
}

/// Loads the root certificates and sets up TLS 1.2 and 1.3.
pub(super) fn load(roots: &Roots) -> Result<Trust, SettingsError> {
    let mut store = RootCertStore::empty();
    let named = [&roots.file, &roots.folder].into_iter().flatten().next();
    match named {
        Some(path) => {
            let found =
                rustls_native_certs::load_certs_from_paths(roots.file.as_deref(), roots.folder.as_deref());
            add(&mut store, found, Some(path))?;
        }
        None => add(&mut store, rustls_native_certs::load_native_certs(), None)?,
    }
    if let Some(path) = &roots.extra {
        let found = if path.is_dir() {
            rustls_native_certs::load_certs_from_paths(None, Some(path))
        } else {
            rustls_native_certs::load_certs_from_paths(Some(path), None)
        };
        add(&mut store, found, Some(path))?;
    }
    let has_roots = !store.is_empty();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| SettingsError::Tls(error.to_string()))?
        .with_root_certificates(store)
        .with_no_client_auth();
    Ok(Trust { tls, has_roots })
}

/// Adds what can be read. A machine's own store may have broken files beside good ones; a place that was named
/// has to hold something.
fn add(
    store: &mut RootCertStore,
    found: rustls_native_certs::CertificateResult,
    named: Option<&PathBuf>,
) -> Result<(), SettingsError> {
    let (added, _) = store.add_parsable_certificates(found.certs);
    match named {
        Some(path) if added == 0 => {
            let reason = found.errors.first().map_or_else(|| "none is in it".to_owned(), ToString::to_string);
            Err(SettingsError::Roots { path: path.clone(), reason })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_named_has_to_hold_certificates() {
        let absent = PathBuf::from("/nonexistent/roots.pem");
        let error = load(&Roots { extra: Some(absent.clone()), ..Roots::default() }).map(|_| ()).unwrap_err();
        assert!(matches!(error, SettingsError::Roots { path, .. } if path == absent));
    }
}
