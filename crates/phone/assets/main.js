// The phone in the browser.

import { App } from './app.js';
import { find } from './dom.js';

const phone = find('phone', HTMLDivElement);
const app = new App(phone.dataset.user ?? '', {
  phone,
  list: find('businesses', HTMLUListElement),
  chat: find('chat', HTMLElement),
  announcement: find('announcement', HTMLParagraphElement),
  connection: find('connection', HTMLParagraphElement),
  dialog: find('call-screen', HTMLDialogElement),
  audio: find('remote-audio', HTMLAudioElement),
});
// For tests: what the phone is doing, to look at and not to touch.
Object.defineProperty(window, 'ahoyPhone', { get: () => app.state });
app.start();
