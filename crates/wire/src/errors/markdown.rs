//! The table for people.

use std::fmt::Write as _;

use super::ErrorCode;

/// The page `docs/errors.md`, whole.
pub fn table() -> String {
    let mut page = String::from(
        "# Error codes\n\n\
         Printed from the table in the code: `cargo run --release -p ahoy-wire --example error_table > docs/errors.md`.\n\n\
         Every answer with a status of 400 or more carries the envelope\n\n\
         ```json\n\
         {\"error\":{\"message\":\"(#CODE) Title\",\"type\":\"OAuthException\",\"code\":CODE,\"error_data\":{\"messaging_product\":\"whatsapp\",\"details\":\"…\"},\"fbtrace_id\":\"…\"}}\n\
         ```\n\n\
         and every error in a webhook is `{\"code\",\"title\",\"message\",\"href\",\"error_data\":{\"details\"}}`. Switch on `code`; `details` is a\n\
         sentence for people. Not every code is sent: `docs/rules-checklist.md` names those that nothing here leads to.\n\n\
         | Code | HTTP | Where | Title | When |\n|---|---|---|---|---|\n",
    );
    for &code in ErrorCode::ALL {
        // Writing to a String cannot fail.
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} | {} |",
            code.code(),
            code.http_status(),
            code.channel().as_str(),
            code.title(),
            code.when()
        );
    }
    page.push_str(
        "\nRefusals of calls (`POST /{phone-number-id}/calls`), and every answer with a code from 138000 on, carry three keys more, for the\n\
         person at the desk: `error_user_title`, `error_user_msg` and `is_transient`, which says that the same request may succeed\n\
         in a moment.\n\n| Code | is_transient | error_user_title | error_user_msg |\n|---|---|---|---|\n",
    );
    for &code in ErrorCode::ALL {
        if let Some(words) = code.user_words() {
            let _ = writeln!(
                page,
                "| {} | {} | {} | {} |",
                code.code(),
                words.transient,
                words.title,
                words.text
            );
        }
    }
    page.push_str(
        "\nA defect in a session description is code 100; `[readings] sdp_defect = \"138008\"` makes it 138008. A fingerprint by another hash\n\
         than SHA-256, also beside one by SHA-256, has the subcode 2494010 under 100 and the message `Invalid parameter` without the\n\
         code in front; `[readings] fingerprints = \"any\"` passes over those beside one by SHA-256.\n\
         An `appsecret_proof` that does not fit the token is code 100 with the type `GraphMethodException`.\n\n\
         The numbers 138010, 138011 and 138016 are reserved and never sent.\n\n\
         An object that does not exist, that the token may not see or that has another kind is answered with HTTP 400, code 100,\n\
         subcode 33, type `GraphMethodException`. An expired token has subcode 463 under code 190.\n",
    );
    page
}
