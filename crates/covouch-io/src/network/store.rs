//! Buckets of S3-compatible storage, over the same connections, proxies and root certificates as everything else.
//!
//! # Invariants
//! - Credentials come from the environment and from what it names, never from a file of the project, and are in no
//!   error.
//! - What a bucket answers is read up to [`limits::STORE_ANSWER_BYTES`], and for no longer than a page.
//!
//! # Not here
//! S3 itself: the crate `object_store` speaks it. What is put where, and in which order: [`crate::feed`].

use std::{error::Error, ffi::OsString, fmt, io, pin::Pin, sync::Arc};

use covouch_core::{code::Code, hint::Hint, shown::Shown};
use http_body_util::{BodyExt as _, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use object_store::{
    ClientOptions, ObjectStore, RetryConfig,
    aws::{AmazonS3Builder, AmazonS3ConfigKey},
    client::{
        HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody, HttpResponse,
        HttpResponseBody, HttpService,
    },
};

use super::{Network, Patience, Way, connect::Connector, error::root_cause};
use crate::limits;

/// Why a bucket was not written or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{to}`: {reason}")]
pub struct StoreError {
    /// The bucket, and where in it.
    pub to: Shown,
    /// What came in the way.
    pub reason: Shown,
}

impl StoreError {
    /// Codes of these errors.
    pub const CODES: &[Code] = &[Code::new("store-failed")];

    pub(crate) fn new(to: &str, error: &(dyn Error + 'static)) -> Self {
        Self { to: Shown::new(to), reason: Shown::new(&root_cause(error)) }
    }

    /// The error's stable code.
    #[must_use]
    pub const fn code(&self) -> Code {
        Code::new("store-failed")
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        Some(Hint::new(
            "look at AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and AWS_ENDPOINT_URL, then publish again",
        ))
    }
}

impl Network {
    /// A bucket, as these variables of the environment say (`AWS_…`).
    ///
    /// # Errors
    /// [`StoreError`] without a network, or when the variables make no sense.
    pub fn bucket(
        &self,
        bucket: &str,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Arc<dyn ObjectStore>, StoreError> {
        let to = format!("s3://{bucket}");
        let Way::Online(online, _) = &self.0 else {
            return Err(StoreError { to: Shown::new(&to), reason: Shown::new("we are offline") });
        };
        let (client, patience) = (online.sender(), online.patience);
        let retry = RetryConfig {
            max_retries: limits::STORE_RETRIES,
            retry_timeout: limits::STORE_RETRY_TIME,
            ..RetryConfig::default()
        };
        let mut builder = AmazonS3Builder::new();
        for (name, value) in variables {
            let (Some(name), Some(value)) = (name.to_str(), value.to_str()) else { continue };
            let Some(name) = name.strip_prefix("AWS_") else { continue };
            if let Ok(key) = format!("aws_{}", name.to_ascii_lowercase()).parse::<AmazonS3ConfigKey>() {
                builder = builder.with_config(key, value);
            }
        }
        let builder = builder
            .with_bucket_name(bucket)
            .with_retry(retry)
            .with_http_connector(Bridge { client, patience });
        Ok(Arc::new(builder.build().map_err(|error| StoreError::new(&to, &error))?))
    }
}

/// Our HTTP, as `object_store` asks for it.
#[derive(Clone)]
struct Bridge {
    client: Client<HttpsConnector<Connector>, HttpRequestBody>,
    patience: Patience,
}

impl fmt::Debug for Bridge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bridge")
    }
}

impl HttpConnector for Bridge {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

impl HttpService for Bridge {
    fn call<'own, 'call>(
        &'own self,
        request: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'call>>
    where
        'own: 'call,
        Self: 'call,
    {
        Box::pin(async move {
            let failed = |kind, error| HttpError::new_boxed(kind, error);
            let late = |error| HttpError::new(HttpErrorKind::Timeout, error);
            let Patience { connect, idle, total, .. } = self.patience;
            let asked = self.client.request(request);
            let answered = tokio::time::timeout(connect.saturating_add(idle), asked).await;
            let response = answered.map_err(late)?.map_err(|error| {
                let kind =
                    if error.is_connect() { HttpErrorKind::Connect } else { HttpErrorKind::Interrupted };
                failed(kind, Box::new(io::Error::other(root_cause(&error))))
            })?;
            let (parts, body) = response.into_parts();
            let body =
                tokio::time::timeout(total, Limited::new(body, limits::STORE_ANSWER_BYTES).collect()).await;
            let body = body.map_err(late)?.map_err(|error| failed(HttpErrorKind::Decode, error))?;
            Ok(HttpResponse::from_parts(parts, HttpResponseBody::from(body.to_bytes())))
        })
    }
}
