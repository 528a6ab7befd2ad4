/** Refuses a webhook URL that names a forbidden address. Host names are checked at each attempt instead. */
import { isIP } from 'node:net';
import { ForebayError } from '../../shared/errors.ts';
import { createAddressFilter } from '../../shared/net/address-filter.ts';
import { notAllowed } from './send-webhook.ts';

/**
 * `allow`: see createAddressFilter. Throws ForebayError `config_invalid` if an entry is wrong. The returned check throws
 * ForebayError `url_not_allowed`.
 */
export function createWebhookUrlCheck(allow: readonly string[]): (url: string) => void {
  const filter = createAddressFilter(allow, 'FOREBAY_WEBHOOK_ALLOW');
  return (url) => {
    const host = new URL(url).hostname.replace(/^\[|\]$/g, '');
    if (isIP(host) !== 0 && !filter.allowsAddress(host)) {
      throw new ForebayError('url_not_allowed', `The webhook cannot be delivered: ${notAllowed(url)}`);
    }
  };
}
