//! Listeners, connections, and the way from bytes to a [`Call`]: authenticate, authorise, only then
//! read the body.

use crate::app::App;
use crate::auth::{User, accounts, cookies};
use crate::http::{Call, Reply};
use crate::permissions::Access;
use crate::routes::{self, Route};
use anyhow::{Context, anyhow, bail};
use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, Request, Response, StatusCode, header};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::watch;

/// An unauthenticated body (a login) is no longer than this.
const LOGIN_BYTES_MAX: usize = 64 << 10;
const HEAD_BYTES_MAX: usize = 64 << 10;
const HEADERS_MAX: usize = 100;
/// Local connections have their own bound, so that a flood from outside does not lock root out.
const LOCAL_CONNECTIONS_MAX: usize = 256;
/// After SIGTERM, requests in flight may go on for this long.
const GRACE: Duration = Duration::from_millis(500);

/// Everything that listens, bound but not yet serving.
pub struct Listeners {
    tcp: Vec<TcpListener>,
    unix: UnixListener,
}

impl Listeners {
    pub fn bind(app: &App) -> anyhow::Result<Listeners> {
        let port = app.settings.port;
        let mut tcp = Vec::new();
        if app.settings.addresses.is_empty() {
            tcp.push(listen((Ipv4Addr::UNSPECIFIED, port).into())?);
            match listen((Ipv6Addr::UNSPECIFIED, port).into()) {
                Ok(listener) => tcp.push(listener),
                // A host without IPv6 at all is well served by IPv4.
                Err(error) if is_unavailable(&error) => {}
                Err(error) => return Err(error),
            }
        }
        for address in &app.settings.addresses {
            tcp.push(listen((*address, port).into())?);
        }
        let unix = listen_unix(app)?;
        Ok(Listeners { tcp, unix })
    }

    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.tcp.iter().filter_map(|listener| listener.local_addr().ok()).collect()
    }

    /// Serves until `stop` says so.
    pub async fn serve(self, app: Arc<App>, stop: watch::Receiver<bool>) {
        let open = Arc::new(Open::default());
        let mut accepting = tokio::task::JoinSet::new();
        for listener in self.tcp {
            accepting.spawn(accept_tls(app.clone(), listener, open.clone(), stop.clone()));
        }
        accepting.spawn(accept_local(app, self.unix, open.clone(), stop));
        while accepting.join_next().await.is_some() {}
        let _ = tokio::time::timeout(GRACE, open.all_closed()).await;
    }
}

fn is_unavailable(error: &anyhow::Error) -> bool {
    error.downcast_ref::<rustix::io::Errno>().is_some_and(|errno| {
        matches!(*errno, rustix::io::Errno::AFNOSUPPORT | rustix::io::Errno::ADDRNOTAVAIL)
    })
}

fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    use rustix::net::{self, AddressFamily, SocketFlags, SocketType, sockopt};
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = net::socket_with(family, SocketType::STREAM, flags, None)?;
    sockopt::set_socket_reuseaddr(&socket, true)?;
    if address.is_ipv6() {
        sockopt::set_ipv6_v6only(&socket, true)?;
    }
    net::bind(&socket, &address).map_err(|errno| {
        let port = address.port();
        match errno {
            rustix::io::Errno::ADDRINUSE => anyhow!(
                "port {port} of {} is in use by another program (pcsd, or a second rhapsody-pcsd?); stop it or set another 'port' in pcsd.toml",
                address.ip()
            ),
            rustix::io::Errno::ADDRNOTAVAIL if !address.ip().is_unspecified() => anyhow!(
                "{} is not an address of this host; correct 'addresses' in pcsd.toml",
                address.ip()
            ),
            errno => anyhow::Error::new(errno).context(format!("cannot listen on {address}")),
        }
    })?;
    net::listen(&socket, 256).map_err(|errno| match errno {
        rustix::io::Errno::ADDRINUSE => anyhow!(
            "port {} of {} is in use by another program; stop it or set another 'port' in pcsd.toml",
            address.port(),
            address.ip()
        ),
        errno => anyhow::Error::new(errno).context(format!("cannot listen on {address}")),
    })?;
    Ok(TcpListener::from_std(std::net::TcpListener::from(socket))?)
}

fn listen_unix(app: &App) -> anyhow::Result<UnixListener> {
    let path = app.paths.socket();
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    if std::os::unix::net::UnixStream::connect(&path).is_ok() {
        bail!("another rhapsody-pcsd serves {}; stop it first", path.display());
    }
    let _ = std::fs::remove_file(&path);
    let listener =
        UnixListener::bind(&path).with_context(|| format!("cannot make the socket {}", path.display()))?;
    let group = accounts::group_id(crate::auth::GROUP);
    let root = rustix::process::geteuid().is_root();
    // A user namespace may not have the group: then the socket is root's alone.
    let given = group.is_some() && (!root || std::os::unix::fs::chown(&path, None, group).is_ok());
    let mode = if given { 0o660 } else { 0o600 };
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode))?;
    Ok(listener)
}

/// Open connections, by client address.
#[derive(Default)]
struct Open {
    by_address: Mutex<HashMap<IpAddr, usize>>,
    total: watch::Sender<usize>,
    local: std::sync::atomic::AtomicUsize,
}

struct Slot {
    open: Arc<Open>,
    address: Option<IpAddr>,
}

impl Open {
    fn enter(self: &Arc<Self>, address: IpAddr, app: &App) -> Option<Slot> {
        let limits = &app.settings.limits;
        let mut by_address = self.by_address.lock().unwrap_or_else(|p| p.into_inner());
        if *self.total.borrow() >= limits.connections {
            return None;
        }
        let count = by_address.entry(address).or_default();
        if *count >= limits.connections_per_address {
            return None;
        }
        *count += 1;
        self.total.send_modify(|total| *total += 1);
        Some(Slot { open: self.clone(), address: Some(address) })
    }

    fn enter_local(self: &Arc<Self>) -> Option<Slot> {
        use std::sync::atomic::Ordering::SeqCst;
        if self.local.fetch_add(1, SeqCst) >= LOCAL_CONNECTIONS_MAX {
            self.local.fetch_sub(1, SeqCst);
            return None;
        }
        self.total.send_modify(|total| *total += 1);
        Some(Slot { open: self.clone(), address: None })
    }

    async fn all_closed(&self) {
        let _ = self.total.subscribe().wait_for(|total| *total == 0).await;
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        match self.address {
            Some(address) => {
                let mut by_address = self.open.by_address.lock().unwrap_or_else(|p| p.into_inner());
                if let Some(count) = by_address.get_mut(&address) {
                    *count -= 1;
                    if *count == 0 {
                        by_address.remove(&address);
                    }
                }
            }
            None => {
                self.open.local.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
            }
        }
        self.open.total.send_modify(|total| *total -= 1);
    }
}

async fn accept_tls(app: Arc<App>, listener: TcpListener, open: Arc<Open>, mut stop: watch::Receiver<bool>) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of descriptors, mostly: others must close first.
                tracing::warn!("cannot accept a connection: {error}");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let address = address.ip().to_canonical();
        // Too many: closed at once, so that a client knows.
        let Some(slot) = open.enter(address, &app) else { continue };
        let (app, stop) = (app.clone(), stop.clone());
        let tls = tokio_rustls::TlsAcceptor::from(app.tls.config());
        tokio::spawn(async move {
            let _slot = slot;
            let _ = stream.set_nodelay(true);
            let time = Duration::from_secs(app.settings.limits.header_seconds);
            let Ok(Ok(stream)) = tokio::time::timeout(time, tls.accept(stream)).await else {
                return;
            };
            let peer = Peer { name: address.to_string().into(), user: None };
            connection(app, stream, peer, stop).await;
        });
    }
}

async fn accept_local(
    app: Arc<App>,
    listener: UnixListener,
    open: Arc<Open>,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let Ok(credentials) = stream.peer_cred() else { continue };
        let Some(slot) = open.enter_local() else { continue };
        let (app, stop) = (app.clone(), stop.clone());
        tokio::spawn(async move {
            let _slot = slot;
            let user = match credentials.uid() {
                0 => Some(User::superuser()),
                uid => accounts::name_of(uid).map(|name| User::named(&name)),
            };
            let Some(user) = user else { return };
            connection(app, stream, Peer { name: "unix".into(), user: Some(user) }, stop).await;
        });
    }
}

/// The other end of a connection.
#[derive(Clone)]
struct Peer {
    name: Arc<str>,
    /// Known from the local socket; over TLS a token tells.
    user: Option<User>,
}

async fn connection<S>(app: Arc<App>, stream: S, peer: Peer, mut stop: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let header_time = Duration::from_secs(app.settings.limits.header_seconds);
    let service = service_fn(move |request| {
        let (app, peer) = (app.clone(), peer.clone());
        async move { Ok::<_, Infallible>(respond(app, peer, request).await) }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(header_time)
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service);
    let mut serving = std::pin::pin!(serving);
    let stopping = tokio::select! {
        _ = serving.as_mut() => false,
        stopping = stop.wait_for(|stop| *stop) => stopping.is_ok(),
    };
    if stopping {
        serving.as_mut().graceful_shutdown();
        let _ = serving.await;
    }
}

async fn respond(app: Arc<App>, peer: Peer, request: Request<hyper::body::Incoming>) -> Response<Body> {
    let is_v2 = request.uri().path().starts_with("/api/v2/");
    let is_head = request.method() == axum::http::Method::HEAD;
    // A task of its own: a client that hangs up does not stop a change half way, and a panic
    // becomes an answer.
    let answer = tokio::spawn(async move {
        match admit(app, peer, request).await {
            Ok((route, call)) => (route.run)(call).await,
            Err(reply) => reply,
        }
    });
    let reply = match answer.await {
        Ok(reply) => reply,
        Err(_) if is_v2 => Reply::v2_error(500, Some("Internal error; see the log of rhapsody-pcsd.")),
        Err(_) => Reply::new(500, crate::http::HTML, "Internal error; see the log of rhapsody-pcsd"),
    };
    dress(reply, is_head)
}

/// Finds the route, and the user, and whether the one may the other; reads the body last.
async fn admit(
    app: Arc<App>,
    peer: Peer,
    request: Request<hyper::body::Incoming>,
) -> Result<(&'static Route, Call), Reply> {
    let (head, body) = request.into_parts();
    let path = head.uri.path();
    let is_v2 = path.starts_with("/api/v2/");
    let error = |status: u16, text: &str| {
        if is_v2 {
            Reply::v2_error(status, Some(text))
        } else {
            Reply::new(status, crate::http::HTML, text.to_owned())
        }
    };
    let Some(route) = routes::find(path) else {
        return Err(error(404, &format!("There is no '{path}' here")));
    };
    if !route.methods.allow(&head.method) {
        return Err(error(405, &format!("Method {} is not allowed here", head.method)));
    }
    let user = match (&peer.user, route.access) {
        (Some(user), _) => Some(user.clone()),
        (None, Access::Public) => None,
        (None, _) => {
            let cookie = head.headers.get(header::COOKIE).and_then(|value| value.to_str().ok());
            let cookies = cookies::parse(cookie.unwrap_or_default());
            let owner = cookies.token.and_then(|token| app.tokens.user(token));
            let Some(owner) = owner else {
                return Err(if is_v2 {
                    Reply::v2_error(401, None)
                } else {
                    Reply::new(401, crate::http::HTML, r#"{"notauthorized":"true"}"#)
                });
            };
            Some(User::named(&owner).acting_as(cookies.user, cookies.groups()))
        }
    };
    let permitted = match &user {
        Some(user) => route.access.allows(user, &app.paths),
        None => route.access == Access::Public,
    };
    if !permitted {
        return Err(if is_v2 {
            Reply::v2_error(403, Some("Permission denied"))
        } else {
            Reply::new(403, crate::http::HTML, "Permission denied")
        });
    }
    let limits = &app.settings.limits;
    let bytes_max = if user.is_some() { limits.body_bytes } else { limits.body_bytes.min(LOGIN_BYTES_MAX) };
    let declared =
        head.headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > bytes_max as u64) {
        return Err(error(413, &format!("The request body is longer than {bytes_max} bytes")));
    }
    let reading = axum::body::to_bytes(Body::new(body), bytes_max);
    let time = Duration::from_secs(limits.body_seconds);
    let body: Bytes = match tokio::time::timeout(time, reading).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => {
            return Err(error(
                413,
                &format!("The request body was cut off, or is longer than {bytes_max} bytes"),
            ));
        }
        Err(_) => return Err(error(408, "The request body took too long")),
    };
    let content_type = head.headers.get(header::CONTENT_TYPE);
    let call = Call {
        user: user.unwrap_or_else(|| User { name: String::new(), groups: Some(Vec::new()) }),
        peer: peer.name,
        path: path.to_owned(),
        content_type: content_type.and_then(|value| Some(value.to_str().ok()?.to_owned())),
        query: head.uri.query().unwrap_or_default().to_owned(),
        body,
        app,
    };
    Ok((route, call))
}

/// The headers that every answer carries.
fn dress(reply: Reply, is_head: bool) -> Response<Body> {
    let body = if is_head { Body::empty() } else { Body::from(reply.body) };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
    for (name, value) in [
        ("strict-transport-security", "max-age=63072000"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "SAMEORIGIN"),
        ("content-security-policy", "frame-ancestors 'self'; default-src 'self'"),
        ("x-xss-protection", "1; mode=block"),
        ("cache-control", "no-store, no-cache"),
        ("pragma", "no-cache"),
        ("referrer-policy", "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
