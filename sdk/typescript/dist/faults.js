/** What can be asked to go wrong. A switch may be a probability from 0 to 1. */
export {};
