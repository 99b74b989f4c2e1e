//! The jobs of a CI run: each adds its image to one draft, all at the same time, and the last one publishes.

use std::process::{Child, Stdio};
use std::time::Duration;

use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::log::Request;
use manifest_testkit::suite::{self, Kind};
use manifest_testkit::{EmbeddedRegistry, RealRegistry};
use rustix::process::{Pid, Signal, kill_process};

use super::{LIST, fill, names, published, source_tag};
use crate::commands::{Shell, Watched};

/// The number of jobs.
const JOBS: usize = 32;

/// The job that is killed.
const VICTIM: usize = 7;

/// The time limit of the first request for the victim's part.
const LIMIT: Duration = Duration::from_secs(60);

/// The moment at which the victim is killed.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// Before it asks for its part.
    First,
    /// When its part is about to be written.
    BeforeWrite,
    /// When the registry has written its part.
    AfterWrite,
}

/// A registry, whether it deletes, and the moments at which a job is killed there.
type Scene = (Watched<'static>, bool, &'static [Moment]);

fn scenes() -> Vec<Scene> {
    use Moment::{AfterWrite, BeforeWrite, First};
    let mut scenes: Vec<Scene> = Vec::new();
    for kind in suite::kinds() {
        match kind {
            Kind::Real => {
                let keeping = RealRegistry::builder().no_delete().start();
                let deleting = Watched::real(RealRegistry::start());
                scenes.push((deleting, true, &[BeforeWrite, AfterWrite]));
                scenes.push((Watched::real(keeping), false, &[First]));
            }
            Kind::Embedded => {
                let embedded = Watched::embedded(EmbeddedRegistry::start());
                scenes.push((embedded, true, &[BeforeWrite]));
            }
        }
    }
    scenes
}

fn line(number: usize) -> String {
    format!("create --amend --stage @/stage {LIST} @/app:{number}")
}

/// Starts a job on a machine of its own.
fn start<'a>(registry: &'a Watched<'a>, number: usize) -> (Shell<'a>, Child) {
    let shell = Shell::new(registry);
    let child = shell
        .command(&line(number))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    (shell, child)
}

/// Runs all jobs at once, and kills one of them (`kill -9`). The others have to succeed.
fn run_jobs(registry: &Watched<'_>, moment: Moment) {
    registry.log().clear();
    let path = format!(
        "/v2/stage/manifests/{}",
        source_tag(&registry.host(), &format!("@/app:{VICTIM}"))
    );
    let method = match moment {
        Moment::First => "GET",
        Moment::BeforeWrite | Moment::AfterWrite => "PUT",
    };
    if !matches!(moment, Moment::AfterWrite) {
        registry.fault(Fault::on(method, &path).respond(Response::Hang));
    }
    let jobs: Vec<_> = (0..JOBS).map(|number| start(registry, number)).collect();
    let is_reached = |request: &Request| {
        request.is(method, &path) && !(matches!(moment, Moment::AfterWrite) && request.status == 0)
    };
    let seen = registry.log().wait_for(LIMIT, is_reached);
    assert!(seen.is_some(), "{:#?}", registry.log().lines());
    for (number, (_, mut child)) in jobs.into_iter().enumerate() {
        if number == VICTIM {
            let _ = kill_process(Pid::from_child(&child), Signal::KILL);
            child.wait().unwrap();
        } else {
            assert!(child.wait().unwrap().success(), "job {number}");
        }
    }
    registry.clear_faults();
}

/// Returns the list as one machine with all images would publish it.
fn expected(registry: &Watched<'_>) -> Vec<u8> {
    let local = Shell::new(registry);
    let images: Vec<String> = (0..JOBS).map(|number| format!("@/app:{number}")).collect();
    local
        .run(&format!("create {LIST} {}", images.join(" ")))
        .succeeds();
    let shown = local.run(&format!("inspect {LIST}"));
    shown.succeeds();
    // The shell's output has no host; a list of one repository names none.
    shown.stdout.trim_end().as_bytes().to_vec()
}

#[test]
fn parallel_jobs_lose_nothing_even_if_one_is_killed() {
    for (registry, deletes, moments) in scenes() {
        fill(&registry, JOBS);
        let expected = expected(&registry);
        for &moment in moments {
            let context = format!("{:?}, {deletes}, {moment:?}", registry.kind());
            run_jobs(&registry, moment);
            let last = Shell::new(&registry);
            let is_whole = matches!(moment, Moment::AfterWrite);
            last.run(&format!("push --stage @/stage {LIST}")).succeeds();
            let found = published(&registry, "list").len();
            assert_eq!(found, JOBS - usize::from(!is_whole), "{context}");

            // The killed job is run again, and the list is complete.
            let again = Shell::new(&registry).run(&line(VICTIM));
            again
                .succeeds()
                .prints("Created manifest list REGISTRY/app:list\n");
            let last = Shell::new(&registry);
            let pushed = last.run(&format!("push --stage @/stage --purge {LIST}"));
            pushed.succeeds();
            assert_eq!(registry.bytes("app", "list"), expected, "{context}");
            assert_eq!(names(&last), "", "{context}");
            let refused = pushed.stderr.matches("does not delete").count();
            assert_eq!(refused, usize::from(!deletes), "{pushed}");
            match deletes {
                true => assert!(registry.tags("stage").is_empty(), "{context}"),
                false => assert_eq!(registry.tags("stage").len(), JOBS, "{context}"),
            }
            last.run(&format!("push --stage @/stage {LIST}"))
                .fails(1)
                .says("No such manifest: REGISTRY/app:list\n")
                .says("drafts are in REGISTRY/stage");
            assert!(last.home.drafts().is_empty(), "{context}");
        }
    }
}

#[test]
fn a_job_that_adds_while_another_one_purges_is_not_lost() {
    for kind in suite::kinds() {
        let registry = Watched::empty(kind);
        fill(&registry, 3);
        let shell = Shell::new(&registry);
        for number in 0..2 {
            shell.run(&line(number)).succeeds();
        }
        // A job comes between the reading of the draft and its removal: the push waits until the registry takes the list.
        registry.fault(Fault::on("PUT", "/v2/app/manifests/").respond(Response::status(503)));
        let push = format!("push --stage @/stage --purge {LIST}");
        let pushed = std::thread::scope(|scope| {
            let pushed = scope.spawn(|| shell.run(&format!("{push} --retry 100")));
            let is_put = |request: &Request| request.is("PUT", "/v2/app/manifests/");
            assert!(registry.log().wait_for(LIMIT, is_put).is_some());
            Shell::new(&registry).run(&line(2)).succeeds();
            registry.clear_faults();
            pushed.join().unwrap()
        });
        pushed
            .succeeds()
            .says("the draft of REGISTRY/app:list was changed while it was pushed, so its new parts were not removed");
        assert_eq!(published(&registry, "list").len(), 2, "{kind:?}");
        assert_eq!(names(&shell), "REGISTRY/app:list\n", "{kind:?}");
        shell.run(&push).succeeds();
        assert_eq!(published(&registry, "list").len(), 1, "{kind:?}");
        assert_eq!(names(&shell), "", "{kind:?}");
    }
}

#[test]
fn a_push_that_is_killed_removes_nothing() {
    for kind in suite::kinds() {
        let registry = Watched::empty(kind);
        fill(&registry, 2);
        let shell = Shell::new(&registry);
        for number in 0..2 {
            shell.run(&line(number)).succeeds();
        }
        registry.fault(Fault::on("PUT", "/v2/app/manifests/list").respond(Response::Hang));
        let push = format!("push --stage @/stage --purge {LIST}");
        let mut held = shell
            .command(&push)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let is_put = |request: &Request| request.is("PUT", "/v2/app/manifests/list");
        assert!(registry.log().wait_for(LIMIT, is_put).is_some());
        kill_process(Pid::from_child(&held), Signal::KILL).unwrap();
        held.wait().unwrap();
        registry.clear_faults();
        shell.run(&push).succeeds();
        assert_eq!(published(&registry, "list").len(), 2);
        assert_eq!(names(&shell), "");
    }
}
