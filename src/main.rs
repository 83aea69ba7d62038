//! The command line of wallops.

fn main() {}
