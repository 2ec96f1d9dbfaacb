//! Phones over real WebSockets, on a real platform.
#![allow(clippy::unwrap_used)]

mod a_business_shows_its_picture;
mod a_call_lives_from_dial_to_hang_up;
mod a_chat_is_read_and_answered;
mod a_lost_socket_is_not_a_hang_up;
mod hours_are_shown_and_links_dial;
mod only_one_phone_a_user;
mod rubbish_leaves_the_socket_open;
mod support;
mod the_page_is_served;
