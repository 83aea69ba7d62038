//! The program: everything it does is in [`wallops::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    wallops::cli::main()
}
