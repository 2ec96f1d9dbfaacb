//! Prints `docs/errors.md`.

fn main() {
    print!("{}", ahoy_wire::errors::markdown_table());
}
