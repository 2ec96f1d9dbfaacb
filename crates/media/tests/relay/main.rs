//! The relay over real sockets, against peers that are not it. One behaviour a file; the file's name says which.
#![allow(clippy::unwrap_used, missing_docs)]

mod raw;
mod support;
mod webrtc;

mod a_call_tells_its_story;
mod a_new_peer_takes_the_leg_over;
mod a_poor_network_is_heard;
mod a_silent_call_says_why;
mod a_simulated_user_speaks_and_listens;
mod a_wrong_certificate_means_silence;
mod both_sides_hear_each_other;
mod calls_leave_nothing_behind;
mod dtls_goes_on_after_the_handshake;
mod early_checks_and_hellos_are_not_lost;
mod every_datagram_counts_once;
mod faults_give_the_verdict_of_the_real_cause;
mod keys_are_heard_both_ways;
mod keys_of_foreign_stacks_are_told_once;
mod lost_means_the_same_on_both_legs;
mod many_calls_may_share_one_socket;
mod media_follows_the_nominated_address;
mod nothing_is_heard_before_accept;
mod one_chosen_packet_goes_astray;
mod one_of_several_answers_is_heard;
mod rubbish_changes_nothing;
mod silence_is_noticed;
mod steps_are_told_as_they_happen;
mod streams_are_renumbered;
mod what_is_no_audio_is_left_out;
