//! Equality of two descriptions as `accept` after `pre_accept` needs it.

/// Whether two texts are the same description once line ends and trailing blank lines are normalised (`contract.md` §4).
pub fn same_sdp(a: &str, b: &str) -> bool {
    fn lines(text: &str) -> std::str::Lines<'_> {
        text.trim_end_matches(['\r', '\n']).lines()
    }
    lines(a).eq(lines(b))
}

#[cfg(test)]
mod tests {
    use super::same_sdp;

    #[test]
    fn line_ends_and_trailing_blank_lines_do_not_count() {
        assert!(same_sdp("v=0\r\ns=-\r\n", "v=0\ns=-\n\n\r\n"));
        assert!(same_sdp("v=0\r\ns=-", "v=0\ns=-\n"));
        assert!(!same_sdp("v=0\r\ns=-\r\n", "v=0\r\n\r\ns=-\r\n"));
        assert!(!same_sdp("v=0\r\ns=-\r\n", "v=0\r\ns=- \r\n"));
        assert!(!same_sdp("v=0\r\ns=-\r\n", "v=0\r\ns=-\r\nt=0 0\r\n"));
    }
}
