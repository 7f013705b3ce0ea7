/** Why the app does not start or does not go on, in words for whoever starts it: a stack would tell them nothing. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}
