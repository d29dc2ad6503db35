//! Stored credentials against who writes the database: whatever was changed there opens nothing, reaches no
//! provider, and is told in the audit log.

use crate::database;
use crate::stage::{Scene, builder, text};
use testkit::{Upstream, eventually, json};

const FIRST: &str = "sk-first-0123456789abcdef";
const SECOND: &str = "sk-second-0123456789abcdef";

struct Sealed {
    upstream: Upstream,
    scene: Scene,
    key: String,
    /// At `far`.
    far: String,
    /// At `near`.
    near: String,
}

impl Sealed {
    fn start() -> Self {
        let upstream = Upstream::start();
        let scene = Scene::start(builder(&upstream));
        let (_, key) = scene.make_key();
        let mut ids = Vec::new();
        for (host, secret) in [("far", FIRST), ("near", SECOND)] {
            let row = json!({"id": host, "base_url": upstream.base_url(), "models_any": true});
            scene.post("/v1/organization/providers", &row).expect_status(200);
            let path = format!("/v1/organization/providers/{host}/credentials");
            ids.push(text(&scene.post(&path, &json!({"value": secret})).expect_status(200).json()["id"]));
        }
        let near = ids.pop().unwrap_or_default();
        Self { upstream, scene, key, far: ids.pop().unwrap_or_default(), near }
    }

    fn ask(&self, host: &str) -> u16 {
        let body = json!({"model": format!("{host}/any"), "messages": [{"role": "user", "content": "hi"}]});
        self.scene.keyway.post_json("/v1/chat/completions", &self.key, &body).status
    }

    fn column(&self, column: &str, id: &str) -> String {
        database::one(
            &self.scene.keyway,
            &format!("SELECT {column} FROM provider_credentials WHERE id = '{id}'"),
        )
    }

    fn set(&self, what: &str, id: &str) {
        database::execute(
            &self.scene.keyway,
            &format!("UPDATE provider_credentials SET {what} WHERE id = '{id}'"),
        );
    }

    fn path(&self) -> String {
        format!("/v1/organization/providers/far/credentials/{}", self.far)
    }

    /// After a start the credential at `far` is shut, nothing was sent, and the audit log says so once.
    fn stays_shut(&mut self, what: &str) {
        self.scene.keyway.restart();
        let before = self.upstream.count();
        assert_eq!(self.ask("far"), 503, "{what}");
        assert_eq!(self.upstream.count(), before, "{what}: something reached the provider");
        assert_eq!(self.ask("near"), 200, "{what}: nobody else is touched");
        let shown = self.scene.get_json(&self.path());
        assert_eq!(shown["state"], "broken", "{what}: {shown}");
        let events = database::rows(
            &self.scene.keyway,
            &format!(
                "SELECT detail FROM audit_log WHERE object_id = '{}' AND event = 'provider_credential.unreadable'",
                self.far
            ),
        );
        assert!(!events.is_empty(), "{what}: nothing in the audit log");
        self.scene.keyway.cli(&["audit", "verify"]).expect_code(0);
    }

    /// Puts it right again: what opens once more is used again.
    fn mended(&self) {
        self.scene.post(&self.path(), &json!({"enabled": true})).expect_status(200);
        assert_eq!(self.ask("far"), 200);
    }
}

#[test]
fn texts_that_were_swapped_cut_or_flipped_open_nothing() {
    let mut sealed = Sealed::start();
    assert_eq!(sealed.ask("far"), 200);
    let (right, other) = (sealed.column("sealed", &sealed.far), sealed.column("sealed", &sealed.near));
    let (seal, of_other) = (sealed.column("seal", &sealed.far), sealed.column("seal", &sealed.near));
    let mut flipped: Vec<char> = right.chars().collect();
    let last = flipped.len() - 2;
    flipped[last] = if flipped[last] == 'A' { 'B' } else { 'A' };
    let flipped: String = flipped.into_iter().collect();
    let table = [
        ("another row's text", format!("sealed = '{other}'")),
        ("another row's text and seal", format!("sealed = '{other}', seal = '{of_other}'")),
        ("half a text", format!("sealed = '{}'", &right[..right.len() / 2])),
        ("no text", "sealed = ''".to_owned()),
        ("a flipped letter", format!("sealed = '{flipped}'")),
        ("another organisation", "org_id = 'org_01m7y800000000000000000000'".to_owned()),
    ];
    for (what, change) in table {
        if what == "another organisation" {
            // Whose it seems to be then is not who it was sealed for.
            sealed.set(&change, &sealed.far);
            sealed.scene.keyway.restart();
            let before = sealed.upstream.count();
            assert_ne!(sealed.ask("far"), 200);
            assert_eq!(sealed.upstream.count(), before);
            sealed.set("org_id = '', state = 'enabled'", &sealed.far);
            sealed.mended();
            continue;
        }
        sealed.set(&change, &sealed.far);
        sealed.stays_shut(what);
        sealed.set(&format!("sealed = '{right}', seal = '{seal}'"), &sealed.far);
        sealed.mended();
    }
}

#[test]
fn an_older_credential_that_is_put_back_opens_nothing() {
    let mut sealed = Sealed::start();
    let old = (sealed.column("sealed", &sealed.far), sealed.column("seal", &sealed.far));
    sealed.scene.post(&sealed.path(), &json!({"value": "sk-newer-0123456789abcdef"})).expect_status(200);
    let new = (sealed.column("sealed", &sealed.far), sealed.column("seal", &sealed.far));
    sealed.set(&format!("sealed = '{}'", old.0), &sealed.far);
    sealed.stays_shut("the older text");
    // The whole row as it once was.
    sealed.set(&format!("sealed = '{}', seal = '{}', state = 'enabled'", old.0, old.1), &sealed.far);
    sealed.stays_shut("the older row");
    sealed.set(&format!("sealed = '{}', seal = '{}'", new.0, new.1), &sealed.far);
    sealed.mended();
    let sent = sealed.upstream.last();
    assert_eq!(sent.header("authorization"), Some("Bearer sk-newer-0123456789abcdef"));
}

#[test]
fn a_running_server_shuts_what_no_longer_opens() {
    let sealed = Sealed::start();
    assert_eq!(sealed.ask("far"), 200);
    sealed.set("sealed = 'AAAA', seal = 'seal_other'", &sealed.far);
    // Any change makes it look again.
    sealed.scene.post("/v1/organization/providers/near", &json!({"enabled": true})).expect_status(200);
    eventually("the end of the altered credential", || (sealed.ask("far") == 503).then_some(()));
    assert_eq!(sealed.ask("near"), 200);
}

#[test]
fn the_master_key_is_exchanged_under_load() {
    let mut sealed = Sealed::start();
    let file = sealed.scene.keyway.data_dir().join("master.key");
    let old = std::fs::read_to_string(&file).expect("the master key");
    let before = sealed.column("sealed", &sealed.far);
    let stop = std::sync::atomic::AtomicBool::new(false);
    let asked = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for host in ["far", "near"] {
            let (sealed, stop, asked) = (&sealed, &stop, &asked);
            scope.spawn(move || {
                while !stop.load(std::sync::atomic::Ordering::SeqCst) {
                    assert_eq!(sealed.ask(host), 200);
                    asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                }
            });
        }
        let enough = |count: usize| {
            eventually("requests", || {
                (asked.load(std::sync::atomic::Ordering::SeqCst) >= count).then_some(())
            });
        };
        enough(10);
        let rotated = sealed.scene.keyway.json(&["master-key", "rotate", "--yes"]);
        assert_eq!(rotated["credentials"], 2);
        enough(asked.load(std::sync::atomic::Ordering::SeqCst) + 20);
        // The running server seals under the new one, as soon as it has it.
        let path = "/v1/organization/providers/far/credentials";
        eventually("a credential under the new key", || {
            (sealed.scene.post(path, &json!({"value": SECOND})).status == 200).then_some(())
        });
        enough(asked.load(std::sync::atomic::Ordering::SeqCst) + 20);
        stop.store(true, std::sync::atomic::Ordering::SeqCst);
    });
    assert_ne!(std::fs::read_to_string(&file).expect("the new one"), old);
    assert_ne!(sealed.column("sealed", &sealed.far), before);
    sealed.scene.keyway.restart();
    assert_eq!((sealed.ask("far"), sealed.ask("near")), (200, 200), "keys and credentials are as they were");
    // A text under the old key opens no more.
    sealed.set(&format!("sealed = '{before}'"), &sealed.far);
    sealed.set(
        "state = 'disabled'",
        &database::one(
            &sealed.scene.keyway,
            &format!("SELECT id FROM provider_credentials WHERE provider = 'far' AND id <> '{}'", sealed.far),
        ),
    );
    sealed.stays_shut("a text under the old master key");
    // Nor does the installation under the old one.
    sealed.scene.keyway.terminate();
    std::fs::write(&file, old).expect("the old key");
    sealed.scene.keyway.cli(&["key", "list"]).expect_code(78);
}

#[test]
fn an_exchange_that_was_cut_off_is_completed() {
    let mut sealed = Sealed::start();
    let folder = sealed.scene.keyway.data_dir();
    let old = std::fs::read_to_string(folder.join("master.key")).expect("the master key");
    sealed.scene.keyway.cli(&["master-key", "rotate", "--yes"]).expect_code(0);
    // As if the process had ended between the database and the files.
    std::fs::rename(folder.join("master.key"), folder.join("master.key.new")).expect("the new key");
    std::fs::write(folder.join("master.key"), &old).expect("the old key");
    sealed.scene.keyway.restart();
    assert_eq!(sealed.ask("far"), 200);
    assert!(!folder.join("master.key.new").exists());
    assert_eq!(std::fs::read_to_string(folder.join("master.key.old")).expect("the old one"), old);
    // One that the database never heard of is left alone.
    std::fs::write(folder.join("master.key.new"), "11".repeat(32)).expect("another key");
    sealed.scene.keyway.restart();
    assert_eq!(sealed.ask("near"), 200);
}
