//! The repository that `--stage` or `DOCKER_MANIFEST_STAGE` names.

use manifest_core::reference::{Repository, RepositoryError};

use crate::context::Context;
use crate::failure::{Failure, StageError};
use crate::flags::StageFlag;

/// The flag that names the repository.
const FLAG: &str = "--stage";

/// The variable that names the repository by default.
const VARIABLE: &str = "DOCKER_MANIFEST_STAGE";

/// Returns the repository that drafts are kept in, or `None` for this machine: by the flag, else by the variable. An empty flag means this
/// machine, too.
///
/// # Errors
/// Fails if the name is malformed, or has a tag or digest.
pub(super) fn repository(
    context: &Context<'_>,
    flag: &StageFlag,
) -> Result<Option<Repository>, Failure> {
    let variable = || {
        let value = context.environment().var(VARIABLE)?;
        Some((VARIABLE, value.to_string_lossy().into_owned()))
    };
    let flag = flag.stage.clone().map(|text| (FLAG, text));
    let Some((setting, text)) = flag.or_else(variable) else {
        return Ok(None);
    };
    if text.is_empty() {
        return Ok(None);
    }
    match Repository::parse(&text) {
        Ok(repository) => Ok(Some(repository)),
        Err(RepositoryError::Reference(source)) => Err(Failure::Reference {
            prefix: Some(format!("error parsing {setting} {text}")),
            source,
        }),
        Err(RepositoryError::OneManifest(repository)) => Err(StageError::NotARepository {
            setting,
            text,
            repository: repository.into(),
        }
        .into()),
    }
}

/// Refuses the flag where a command keeps no draft. The variable has no effect there.
///
/// # Errors
/// Fails if the flag is given.
pub(crate) fn refuse_stage(
    flag: &StageFlag,
    other: &'static str,
    reason: &'static str,
) -> Result<(), Failure> {
    match flag.stage {
        None => Ok(()),
        Some(_) => Err(Failure::ConflictingFlags {
            first: FLAG,
            second: other,
            reason,
        }),
    }
}
