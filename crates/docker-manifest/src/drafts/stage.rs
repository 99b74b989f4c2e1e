//! The repository that `--stage` or `DOCKER_MANIFEST_STAGE` names.

use manifest_core::Reference;
use manifest_core::reference::Repository;

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
    let reference = Reference::parse(&text).map_err(|source| Failure::Reference {
        prefix: Some(format!("error parsing {setting} {text}")),
        source,
    })?;
    let repository = reference.repository().clone();
    let last = text.rsplit('/').next().unwrap_or_default();
    match last.contains([':', '@']) {
        true => Err(StageError::NotARepository {
            setting,
            text,
            repository: repository.into(),
        }
        .into()),
        false => Ok(Some(repository)),
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
