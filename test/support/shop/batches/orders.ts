/** A busy day of the shop: who orders, who is mailed, what was placed twice, and whom a wrong condition passes over. */
import { type OrderPlaced, orderPlaced } from '../events.ts';

/** One customer in twenty uses the app, and is the only one who gets a mail. */
export function busyOrder(number: number): OrderPlaced {
  return { ...orderPlaced(number), channel: isByApp(number) ? 'app' : 'web' };
}

export function isByApp(number: number): boolean {
  return number % 20 === 0;
}

/** A producer that was not sure sent it once more. */
export function copiesOf(number: number): number {
  return number % 500 === 250 ? 2 : 1;
}

/** What the service passes over without a word: of those by the web, and of those by the app. */
export function isPassedOver(id: string): boolean {
  return id.endsWith('777') || id.endsWith('700');
}
