/** The mails that the shop sends. */
import type { SendMailOptions } from 'nodemailer';

export const SHOP_ADDRESS = 'shop@shop.test';
export const NEWS_ADDRESS = 'news@shop.test';

/** The confirmation of an order, which carries its id in a header of its own. */
export function mailFor(id: string, customer: string): SendMailOptions {
  return {
    from: SHOP_ADDRESS,
    to: customer,
    subject: `Your order ${id}`,
    text: `Thank you for your order ${id}.\n`,
    headers: { 'X-Order-Id': id },
  };
}

/** A mail that has nothing to do with any order: the log of a mail server is never about one thing only. */
export function newsletter(): SendMailOptions {
  return {
    from: NEWS_ADDRESS,
    to: 'reader@customers.test',
    subject: 'News from the shop',
    text: 'Tea is back.\n',
  };
}
