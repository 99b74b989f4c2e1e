//! The behaviour of Docker's flag parser (pflag), for clap.

use clap::{Arg, Command};

use crate::values::Switch;

/// Makes the flags of a command and of its subcommands behave like pflag's: a switch may have a value after `=`, a flag with a value
/// takes the next word even if it starts with `-`, and the last of repeated flags wins.
#[must_use]
pub fn adapt(command: Command) -> Command {
    let command = command
        .disable_help_flag(true)
        .args_override_self(true)
        .mut_args(adapt_flag);
    command.mut_subcommands(adapt)
}

fn adapt_flag(arg: Arg) -> Arg {
    if arg.is_positional() || !arg.get_action().takes_values() {
        arg
    } else if is_switch(&arg) {
        arg.required(false)
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true")
            .default_value("false")
    } else {
        arg.allow_hyphen_values(true)
    }
}

/// Tells whether a flag is a [`Switch`].
#[must_use]
pub fn is_switch(arg: &Arg) -> bool {
    arg.get_value_parser().type_id() == std::any::TypeId::of::<Switch>()
}

/// Tells whether the next word is the value of a flag that has none after `=`.
#[must_use]
pub fn takes_next_word(arg: &Arg) -> bool {
    let is_optional = arg
        .get_num_args()
        .is_some_and(|range| range.min_values() == 0);
    arg.get_action().takes_values() && !is_switch(arg) && !is_optional
}
