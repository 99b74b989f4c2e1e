//! Logins with few permissions: jobs that may write drafts only, and a last job that may not.

use std::fs;

use manifest_testkit::suite;
use manifest_testkit::{TestCa, TokenServer};

use super::{LIST, fill, published};
use crate::commands::watched::SEEDER;
use crate::commands::{Shell, Watched};

/// A user who may read images and write drafts, and the password.
const JOB: (&str, &str, &str) = ("job", "job-secret", "am9iOmpvYi1zZWNyZXQ=");

/// A user who may write images and read drafts, and the password.
const PUBLISHER: (&str, &str, &str) = (
    "publisher",
    "publisher-secret",
    "cHVibGlzaGVyOnB1Ymxpc2hlci1zZWNyZXQ=",
);

fn shell<'a>(registry: &'a Watched<'a>, ca: &TestCa, user: (&str, &str, &str)) -> Shell<'a> {
    let mut shell = Shell::new(registry);
    let path = shell.home.path().join("ca.pem");
    fs::write(&path, ca.ca_pem()).unwrap();
    shell.home.set("SSL_CERT_FILE", path);
    let host = registry.host();
    let auths = format!(r#"{{"auths":{{"{host}":{{"auth":"{}"}}}}}}"#, user.2);
    shell.home.write_config(&auths);
    shell.secrets = vec![user.1.to_owned(), user.2.to_owned()];
    shell
}

#[test]
fn each_job_needs_few_permissions() {
    let ca = TestCa::new();
    for kind in suite::kinds() {
        let tokens = TokenServer::builder()
            .tls(&ca)
            .user(SEEDER.0, SEEDER.1)
            .user_with(JOB.0, JOB.1, &[("app", "pull"), ("stage", "pull,push")])
            .user_with(
                PUBLISHER.0,
                PUBLISHER.1,
                &[("app", "pull,push"), ("stage", "pull")],
            )
            .start();
        let registry = Watched::secured(kind, &ca, &tokens);
        fill(&registry, 2);
        let job = shell(&registry, &ca, JOB);
        for number in 0..2 {
            let line = format!("create --amend --stage @/stage {LIST} @/app:{number}");
            job.run(&line).succeeds();
        }
        job.run(&format!("push --stage @/stage {LIST}")).fails(4);
        let publisher = shell(&registry, &ca, PUBLISHER);
        publisher.run("ls -q --stage @/stage").succeeds();
        publisher
            .run(&format!("push --stage @/stage {LIST}"))
            .succeeds();
        assert_eq!(published(&registry, "list").len(), 2, "{kind:?}");
        publisher
            .run(&format!("rm --stage @/stage {LIST}"))
            .fails(4);
        // Without the permission to delete, the parts are marked as removed.
        let removed = job.run(&format!("rm --stage @/stage {LIST}"));
        removed.succeeds().says("does not delete");
        publisher.run("ls -q --stage @/stage").succeeds().prints("");
    }
}
