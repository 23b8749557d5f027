/** What happens in the shop, as messages of its `orders` topic tell it. */

export interface OrderPlaced {
  readonly type: 'OrderPlaced';
  readonly order: { readonly id: string; readonly customer: string; readonly total: string };
  readonly channel: 'web' | 'app';
}

/** Somebody looked at an order. Nobody acts on it. */
export interface OrderViewed {
  readonly type: 'OrderViewed';
  readonly order: { readonly id: string };
}

export type ShopEvent = OrderPlaced | OrderViewed;

export function orderId(number: number): string {
  return `ORD-${String(number).padStart(6, '0')}`;
}

/** Some customers have mail servers that put a mail off before they take it, or no longer know the mailbox. */
export const SLOW_DOMAIN = 'slow.test';
export const CLOSED_DOMAIN = 'closed.test';

/** Whether the work on an order takes long: room enough for a kill to fall between two certain steps. */
export function isLaborious(id: string): boolean {
  return Number(id.slice(-2)) % 20 === 5;
}

export function orderPlaced(number: number): OrderPlaced {
  const domain = number % 40 === 7 ? SLOW_DOMAIN : number % 50 === 11 ? CLOSED_DOMAIN : 'customers.test';
  return {
    type: 'OrderPlaced',
    order: {
      id: orderId(number),
      customer: `customer-${number % 97}@${domain}`,
      total: `${10 + (number % 90)}.90`,
    },
    channel: number % 3 === 0 ? 'app' : 'web',
  };
}

export function orderViewed(number: number): OrderViewed {
  return { type: 'OrderViewed', order: { id: orderId(number) } };
}

/** Orders 1 to `count`, one in four looked at again afterwards. */
export function dayOfOrders(count: number): ShopEvent[] {
  const numbers = Array.from({ length: count }, (_, i) => i + 1);
  return numbers.flatMap((number) =>
    number % 4 === 0 ? [orderPlaced(number), orderViewed(number)] : [orderPlaced(number)],
  );
}
