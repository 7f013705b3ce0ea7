import { expectAnswers } from '../expect-answers.ts';
import type { Scene } from '../stage.ts';

export const stolenDevice: Scene = {
  title: 'The stolen device',
  sessions: 'shared',
  async play(stage) {
    const { ada, timeline } = stage;
    const laptop = stage.browser('laptop');
    await laptop.logIn(1, ada);
    const thief = laptop.copy('thief');
    timeline.step('Ada logs in on her laptop; a thief copies the cookie');
    const theft = await thief.askEveryWorker();
    timeline.answers("the thief's requests", theft, null);
    expectAnswers('With the copied cookie', theft, () => ada.user);

    const phone = stage.browser('phone');
    await phone.logIn(2, ada);
    timeline.step('she logs in on her phone, which ends her earlier sessions');
    const [refused, accepted] = await Promise.all([thief.askEveryWorker(), phone.askEveryWorker()]);
    timeline.answers("the thief's very next requests", refused, null);
    timeline.answers('her phone', accepted, ada.user);
    expectAnswers('After the login on the phone, to the thief', refused, () => null);
    expectAnswers('After the login on the phone, to the phone', accepted, () => ada.user);

    const tablet = stage.browser('tablet');
    await tablet.logIn(3, ada, { keepOtherDevices: true });
    const devices = await tablet.devices(3);
    timeline.step(`on a tablet too, which keeps the phone: ${[...devices.keys()].join(', ')}`);
    const phoneId = devices.get('phone');
    if (!phoneId || devices.get('tablet') !== null || devices.size !== 2) {
      throw new Error(`The tablet should list itself and the phone, but lists ${[...devices]}.`);
    }
    await tablet.press(3, `/devices/${phoneId}/sign-out`);
    timeline.step('on the tablet she presses "Sign out this device" for the phone');
    const signedOut = await phone.askEveryWorker();
    timeline.answers("the phone's very next requests", signedOut, null);
    expectAnswers('After the phone was signed out, to the phone', signedOut, () => null);

    await phone.logIn(4, ada, { keepOtherDevices: true });
    await phone.press(4, '/logout-others');
    timeline.step('logged in on the phone again: "Log out everywhere else"');
    const [others, own] = await Promise.all([tablet.askEveryWorker(), phone.askEveryWorker()]);
    timeline.answers("the tablet's very next requests", others, null);
    timeline.answers('her phone', own, ada.user);
    expectAnswers('After "log out everywhere else", to the tablet', others, () => null);
    expectAnswers('After "log out everywhere else", to the phone', own, () => ada.user);
    timeline.outcome(true, 'Whatever ends a session, it ends in every worker at once.');
  },
};
