//! Debian's nginx as a child process: a configuration of its own in a temporary folder, a free port, no root; gone with the
//! test. Also a certificate for it, signed by itself.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use tempfile::TempDir;

use super::{PATIENCE, source};

/// The name under which tests reach it by TLS.
pub const NAME: &str = "milepost.test";

pub struct Nginx {
    child: Child,
    folder: TempDir,
    pub port: u16,
}

impl Nginx {
    /// Serves with what `servers` writes into `http { … }` for a port.
    pub fn start(servers: impl Fn(u16, &Path) -> String) -> Nginx {
        for _ in 0..5 {
            let folder = tempfile::tempdir().unwrap();
            let port = free_port();
            let config = configuration(folder.path(), &servers(port, folder.path()));
            std::fs::write(folder.path().join("nginx.conf"), config).unwrap();
            if let Some(child) = spawn(folder.path(), port) {
                return Nginx { child, folder, port };
            }
        }
        panic!("nginx found no port that stayed free");
    }

    /// In front of a server, with nothing said but its address: everything else is as nginx has it by itself.
    pub fn plain(upstream: &str, more: &str) -> Nginx {
        Nginx::start(|port, _| {
            format!("server {{ listen 127.0.0.1:{port}; {more} location / {{ proxy_pass {upstream}; }} }}")
        })
    }

    /// As the README says it, with TLS and under `/milepost/`; `handed_on` stands behind the server's address.
    pub fn of_the_readme(upstream: &str, handed_on: &str) -> Nginx {
        Nginx::start(|port, folder| {
            let (certificate, key) = certificate(folder);
            let said = readme_example()
                .replace("listen 443", &format!("listen 127.0.0.1:{port}"))
                .replace("example.org;", &format!("{NAME};"))
                .replace("/etc/ssl/example.org.pem", certificate.to_str().unwrap())
                .replace("/etc/ssl/example.org.key", key.to_str().unwrap())
                .replace("http://127.0.0.1:8080;", &format!("{upstream}{handed_on};"));
            assert!(
                said.contains(&port.to_string()) && said.contains(upstream),
                "the README has another example: {said}"
            );
            said
        })
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// For a server that is reached by TLS.
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("certificate.pem")
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// One process, so that nothing is left when it is killed; no path outside of its folder, so that it needs no root.
fn configuration(folder: &Path, servers: &str) -> String {
    let at = folder.display();
    format!(
        "daemon off; master_process off; pid {at}/pid; error_log stderr warn;
events {{ worker_connections 512; }}
http {{
  access_log off;
  client_body_temp_path {at}/body; proxy_temp_path {at}/proxy; fastcgi_temp_path {at}/fastcgi;
  uwsgi_temp_path {at}/uwsgi; scgi_temp_path {at}/scgi;
  {servers}
}}
"
    )
}

fn spawn(folder: &Path, port: u16) -> Option<Child> {
    let program = ["/usr/sbin/nginx", "/usr/bin/nginx"].into_iter().find(|path| Path::new(path).exists());
    let program = program.expect("run tests/run once: it installs nginx");
    let log = std::fs::File::create(folder.join("said")).unwrap();
    let mut child = Command::new(program)
        .arg("-p")
        .arg(folder)
        .arg("-c")
        .arg(folder.join("nginx.conf"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap();
    let deadline = Instant::now() + PATIENCE;
    loop {
        if child.try_wait().unwrap().is_some() {
            let said = std::fs::read_to_string(folder.join("said")).unwrap();
            assert!(said.contains("Address already in use"), "nginx does not start: {said}");
            return None;
        }
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Some(child);
        }
        assert!(Instant::now() < deadline, "nginx never listened");
        std::thread::yield_now();
    }
}

/// For `milepost.test` and for the address itself, which needs nobody to know that name; made by openssl.
fn certificate(folder: &Path) -> (PathBuf, PathBuf) {
    let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args(["-subj", &format!("/CN={NAME}"), "-addext", &format!("subjectAltName=DNS:{NAME},IP:127.0.0.1")])
        // Whoever trusts it trusts it alone, and none that it would sign.
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .arg("-out")
        .arg(&certificate)
        .arg("-keyout")
        .arg(&key)
        .output()
        .expect("run tests/run once: it installs openssl");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    (certificate, key)
}

/// What the README tells people to write.
fn readme_example() -> String {
    let readme = std::fs::read_to_string(source::root().join("README.md")).unwrap();
    let (_, rest) = readme.split_once("```nginx\n").expect("the README shows an nginx configuration");
    rest.split_once("```").unwrap().0.to_owned()
}
