//! Runs Holdpoint on this machine, with a demonstration upstream and everything needed to try it.

use crate::setup::{self, node, root};
use crate::{Failure, Outcome, build, demo, failed, help_asked, http, ui};
use holdpoint::core::json::Json;
use holdpoint::core::secret::BearerKey;
use std::fs;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

const HELP: &str = "\
Sets up and runs Holdpoint on this machine, with a demonstration upstream (a made-up shop).

Usage: cargo xtask dev [--port N] [--upstream NAME=URL,DIALECT]... [--policy FILE]

Options:
  --port N                      The port on 127.0.0.1 [default: 8787]
  --upstream NAME=URL,DIALECT   An upstream beside the demonstration's, e.g. mock=http://127.0.0.1:9100,openai
  --policy FILE                 A policy to store (.toml or .json) [default: examples/shop.toml, once]

Data are kept in .wrangler/, secrets in .dev.vars; both are ignored by git. Ctrl-C or SIGTERM stops
everything that was started.";

struct Options {
    port: u16,
    upstreams: Vec<(String, Json)>,
    policy: Option<String>,
}

fn options(arguments: &[String]) -> Outcome<Options> {
    let mut options = Options { port: 8787, upstreams: Vec::new(), policy: None };
    let mut rest = arguments.iter();
    while let Some(name) = rest.next() {
        let usage = |what: &str| Failure::Usage(format!("`{name}` {what}; see `cargo xtask dev --help`"));
        let mut value = || rest.next().ok_or_else(|| usage("needs a value"));
        match name.as_str() {
            "--port" => options.port = value()?.parse().map_err(|_| usage("is a port from 1 to 65535"))?,
            "--policy" => options.policy = Some(value()?.clone()),
            "--upstream" => {
                let wrong = || usage("is NAME=URL,DIALECT");
                let (name, target) = value()?.split_once('=').ok_or_else(wrong)?;
                let (url, dialect) = target.rsplit_once(',').ok_or_else(wrong)?;
                options.upstreams.push((
                    name.to_owned(),
                    Json::object([("url", url.into()), ("dialect", dialect.into())]),
                ));
            }
            _ => return Err(usage("is not known")),
        }
    }
    Ok(options)
}

pub(crate) fn run(arguments: &[String]) -> Outcome {
    if help_asked(arguments, HELP) {
        return Ok(());
    }
    let options = options(arguments)?;
    let port = options.port;
    TcpListener::bind(("127.0.0.1", port)).map_err(|error| {
        Failure::Failed(format!("port {port} is not free ({error}); choose another with --port"))
    })?;
    setup::packages()?;
    build::worker(&setup::tools()?)?;
    let admin = secrets()?;

    let (stop, stopped) = mpsc::channel();
    ctrlc::set_handler(move || {
        // A second signal finds nobody listening, and is not needed.
        let _ = stop.send(());
    })
    .map_err(failed("listening for Ctrl-C"))?;

    let mut upstreams = options.upstreams;
    upstreams.push((
        "demo".to_owned(),
        Json::object([
            ("url", format!("http://127.0.0.1:{}", demo::start()?).into()),
            ("dialect", "openai".into()),
        ]),
    ));
    ui::step("starting the runtime");
    let mut runtime = Runtime::start(port, &upstreams)?;
    let ready = runtime.wait_until_ready(port, &stopped).and_then(|ready| {
        if ready {
            say_how_to_begin(port, &admin, options.policy.as_deref())?;
        }
        Ok(ready)
    });
    let outcome = match ready {
        Ok(true) => runtime.until_end(&stopped),
        Ok(false) => Ok(()),
        Err(failure) => Err(failure),
    };
    runtime.stop();
    outcome
}

/// Makes the secrets of this machine once, and gives the admin key.
fn secrets() -> Outcome<String> {
    let path = root().join(".dev.vars");
    let known = fs::read_to_string(&path).unwrap_or_default();
    let value = |name: &str| {
        known.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).map(str::to_owned)
    };
    if let (Some(admin), Some(_)) = (value("HOLDPOINT_ADMIN_KEY"), value("HOLDPOINT_SIGNING_KEY")) {
        return Ok(admin);
    }
    let random = || {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)
            .map(|()| BearerKey::new(bytes).reveal().to_owned())
            .map_err(failed("drawing random bytes"))
    };
    let admin = value("HOLDPOINT_ADMIN_KEY").map_or_else(random, Ok)?;
    let signing = random()?;
    let signing = signing.trim_start_matches("hpk_");
    fs::write(&path, format!("HOLDPOINT_ADMIN_KEY={admin}\nHOLDPOINT_SIGNING_KEY={signing}\n"))
        .map_err(failed("writing .dev.vars"))?;
    Ok(admin)
}

/// wrangler with the real runtime below it, in a process group of its own.
struct Runtime {
    child: Child,
}

const LOG: &str = ".wrangler/dev.log";

impl Runtime {
    fn start(port: u16, upstreams: &[(String, Json)]) -> Outcome<Self> {
        let mut table = holdpoint::core::json::Object::new();
        for (name, upstream) in upstreams {
            table.set(name, upstream.clone());
        }
        fs::create_dir_all(root().join(".wrangler")).map_err(failed("making .wrangler/"))?;
        let log = fs::File::create(root().join(LOG)).map_err(failed("writing the log"))?;
        let mut wrangler = node();
        wrangler
            .arg(root().join("node_modules/wrangler/bin/wrangler.js"))
            .args([
                "dev",
                "--ip",
                "127.0.0.1",
                "--port",
                &port.to_string(),
                "--persist-to",
                ".wrangler/state",
            ])
            .args(["--show-interactive-dev-session=false", "--var", &format!("UPSTREAMS:{table}")])
            .stdin(Stdio::null())
            .stdout(log.try_clone().map_err(failed("writing the log"))?)
            .stderr(log);
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut wrangler, 0);
        Ok(Self { child: wrangler.spawn().map_err(failed("starting wrangler"))? })
    }

    /// True when it answers, false when it was stopped before.
    fn wait_until_ready(&mut self, port: u16, stopped: &mpsc::Receiver<()>) -> Outcome<bool> {
        let began = Instant::now();
        loop {
            if http::request(port, "GET", "/healthz", &[], "").is_ok_and(|answer| answer.status() == 200) {
                return Ok(true);
            }
            if stopped.recv_timeout(Duration::from_millis(200)).is_ok() {
                return Ok(false);
            }
            self.check_alive()?;
            if began.elapsed() > Duration::from_mins(2) {
                return Err(Failure::Failed(format!("the runtime did not become ready; see {LOG}")));
            }
        }
    }

    fn check_alive(&mut self) -> Outcome {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => {
                let log = fs::read_to_string(root().join(LOG)).unwrap_or_default();
                Err(Failure::Failed(format!("the runtime ended with {status}:\n{log}")))
            }
            Err(error) => Err(Failure::Failed(format!("the runtime cannot be watched: {error}"))),
        }
    }

    fn until_end(&mut self, stopped: &mpsc::Receiver<()>) -> Outcome {
        while stopped.recv_timeout(Duration::from_millis(500)).is_err() {
            self.check_alive()?;
        }
        Ok(())
    }

    fn stop(&mut self) {
        ui::step("stopping");
        let group = format!("-{}", self.child.id());
        let signal = |signal: &str| {
            if cfg!(unix) {
                // A group that is gone already needs no signal.
                let _ = Command::new("kill").args([signal, "--", &group]).stderr(Stdio::null()).status();
            }
        };
        signal("-TERM");
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(5) && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(50));
        }
        signal("-KILL");
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Stores the policy, makes the demonstration's keys, and says what to open and to try.
fn say_how_to_begin(port: u16, admin: &str, policy: Option<&str>) -> Outcome {
    store_policy(port, admin, policy)?;
    let Keys { app, reviewer, leader } = keys(port, admin)?;
    let base = format!("http://127.0.0.1:{port}");
    ui::line(&format!(
        "
Holdpoint is ready on {base}

  Review page   {base}/review
  Sign in with  {reviewer}

  Insights page {base}/insights
  Sign in with  {leader}

Try, in another terminal:

  # a direct action: held, because the amount is above what may run alone
  curl -s {base}/v1/actions -H 'authorization: Bearer {app}' -H 'content-type: application/json' \\
    -d '{{\"kind\":\"refund\",\"args\":{{\"order_id\":\"A-1017\",\"amount\":640,\"currency\":\"EUR\"}},\"confidence\":0.97}}'

  # a proxied chat call: waits until you decide on the review page
  curl -s {base}/to/demo/v1/chat/completions -H 'authorization: Bearer {app}' -H 'content-type: application/json' \\
    -d '{{\"model\":\"demonstration\",\"messages\":[{{\"role\":\"user\",\"content\":\"I want a refund\"}}]}}'

  # another one that proceeds: nobody is asked
  curl -s {base}/to/demo/v1/chat/completions -H 'authorization: Bearer {app}' -H 'content-type: application/json' \\
    -d '{{\"model\":\"demonstration\",\"messages\":[{{\"role\":\"user\",\"content\":\"where is my order?\"}}]}}'

The admin key is in .dev.vars, the runtime's log in {LOG}. Ctrl-C stops everything."
    ));
    Ok(())
}

fn store_policy(port: u16, admin: &str, policy: Option<&str>) -> Outcome {
    let bearer = format!("Bearer {admin}");
    let current = http::request(port, "GET", "/v1/policy", &[("authorization", &bearer)], "")?;
    let untouched = current.body == b"holdpoint = 1\n";
    let shop = root().join("examples/shop.toml");
    let path = match policy {
        Some(path) => std::path::PathBuf::from(path),
        None if untouched => shop,
        None => return Ok(()),
    };
    let text = fs::read_to_string(&path).map_err(failed(&format!("reading {}", path.display())))?;
    let json = path.extension().is_some_and(|extension| extension == "json");
    let media_type = if json { "application/json" } else { "application/toml" };
    let headers = [("authorization", bearer.as_str()), ("content-type", media_type), ("if-match", "*")];
    let answer = http::request(port, "PUT", "/v1/policy", &headers, &text)?;
    if answer.status() == 200 {
        return Ok(());
    }
    Err(Failure::Failed(format!(
        "{} was not stored: {}",
        path.display(),
        String::from_utf8_lossy(&answer.body)
    )))
}

/// The demonstration's keys.
struct Keys {
    app: String,
    reviewer: String,
    /// An admin's who signs in: the key in `.dev.vars` is nobody's.
    leader: String,
}

/// Those of the last time while they are in force, else new ones.
fn keys(port: u16, admin: &str) -> Outcome<Keys> {
    let path = root().join(".wrangler/demonstration-keys.json");
    let kept = fs::read(&path).ok().and_then(|bytes| Json::parse(&bytes).ok());
    let text = |json: &Json, name: &str| json.get(name).and_then(Json::as_str).map(str::to_owned);
    let in_force = |key: &str| {
        let bearer = format!("Bearer {key}");
        http::request(port, "GET", "/v1/policy", &[("authorization", &bearer)], "")
            .is_ok_and(|answer| answer.status() == 200)
    };
    let read = |kept: &Json| {
        Some(Keys {
            app: text(kept, "app")?,
            reviewer: text(kept, "reviewer")?,
            leader: text(kept, "leader")?,
        })
    };
    if let Some(keys) = kept.as_ref().and_then(read)
        && [&keys.app, &keys.reviewer, &keys.leader].into_iter().all(|key| in_force(key))
    {
        return Ok(keys);
    }
    let bearer = format!("Bearer {admin}");
    let make = |name: &str, role: &str| {
        let body = Json::object([("name", name.into()), ("role", role.into())]).to_string();
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let answer = http::request(port, "POST", "/v1/keys", &headers, &body)?;
        let made = Json::parse(&answer.body).ok().and_then(|made| text(&made, "key"));
        made.ok_or_else(|| {
            Failure::Failed(format!("no key was made: {}", String::from_utf8_lossy(&answer.body)))
        })
    };
    let keys = Keys {
        app: make("demonstration app", "app")?,
        reviewer: make("demonstration reviewer", "reviewer")?,
        leader: make("demonstration admin", "admin")?,
    };
    let kept = Json::object([
        ("app", keys.app.as_str().into()),
        ("reviewer", keys.reviewer.as_str().into()),
        ("leader", keys.leader.as_str().into()),
    ]);
    fs::write(path, kept.to_string()).map_err(failed("keeping the demonstration's keys"))?;
    Ok(keys)
}
