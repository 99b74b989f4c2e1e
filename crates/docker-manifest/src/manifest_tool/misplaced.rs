//! Words in the wrong place: flags of other commands, and words behind the argument.

use super::definitions::{Definition, FROM_ARGS, FROM_SPEC, INSPECT, PROGRAM, PUSH};
use super::flag_parser::{self, FlagWord};

/// All commands, and the program itself.
const ALL: [&Definition; 5] = [&PROGRAM, &INSPECT, &PUSH, &FROM_SPEC, &FROM_ARGS];

/// Says where a flag of another command stands.
pub(super) fn place_of(name: &str) -> Option<String> {
    let has = |command: &&Definition| flag_parser::find(command.flags, name).is_some();
    let command = ALL.into_iter().find(has)?;
    Some(match command.words {
        "" => format!("`--{name}` stands before the command"),
        words => format!("`--{name}` stands directly behind `{words}`"),
    })
}

/// Warns of words that `manifest-tool` ignores in silence. The values of flags are not shown: one may be a password.
pub(super) fn warn_of_ignored(
    command: &Definition,
    argument: Option<&str>,
    words: &[String],
    warnings: &mut Vec<String>,
) {
    let mut words = words.iter();
    let mut argument = argument;
    let mut count = 0;
    while let Some(word) = words.next() {
        let Some(found) = FlagWord::read(word) else {
            count += 1;
            argument = argument.or(Some(word));
            continue;
        };
        let name = found.name;
        let of_command = flag_parser::find(command.flags, name);
        let of_others = || {
            ALL.iter()
                .find_map(|command| flag_parser::find(command.flags, name))
        };
        if let Some(flag) = of_command.or_else(of_others)
            && found.takes_next_word(flag)
        {
            words.next();
        }
        warnings.push(match (of_command, argument, place_of(name)) {
            (Some(_), Some(argument), _) => {
                format!("--{name} is ignored, because it stands behind {argument}: put it before")
            }
            (None, _, Some(place)) => format!("--{name} is ignored: {place}"),
            _ => format!("--{name} is ignored"),
        });
    }
    if count > 0 {
        let plural = if count == 1 { "" } else { "s" };
        let kept = command.arguments;
        warnings.push(match kept.is_empty() {
            true => format!(
                "{count} argument{plural} ignored: `{}` takes none",
                command.words
            ),
            false => format!(
                "{count} argument{plural} ignored: `{}` takes one {kept}",
                command.words
            ),
        });
    }
}
