import { describe, expect, it } from 'vitest';
import { createAddressFilter } from '#forebay/shared/net/address-filter.js';

const strict = createAddressFilter([], 'FOREBAY_FETCH_ALLOW');

describe('without an allow-list', () => {
  it.each(['8.8.8.8', '1.1.1.1', '172.32.0.1', '2606:4700::1111', '::ffff:8.8.8.8', '64:ff9b::808:808'])(
    'allows the public address %s',
    (address) => {
      expect(strict.allowsAddress(address)).toBe(true);
    },
  );

  it.each([
    ['unspecified', '0.0.0.0', '0.1.2.3', '::'],
    ['loopback', '127.0.0.1', '127.255.255.254', '::1'],
    ['private', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', 'fd12:3456::1', 'fc00::1'],
    ['link-local', '169.254.1.1', 'fe80::1', 'fe80::1%eth0', 'febf::1', 'fec0::1'],
    ['metadata', '169.254.169.254', 'fd00:ec2::254', '100.100.100.200', '192.0.0.192', '168.63.129.16'],
    ['shared by carriers', '100.64.0.1', '100.127.255.255'],
    ['multicast', '224.0.0.1', '239.1.2.3', 'ff02::1'],
    [
      'broadcast and reserved',
      '255.255.255.255',
      '240.0.0.1',
      '198.18.0.1',
      '192.0.2.1',
      '203.0.113.9',
      '2001:db8::1',
    ],
    ['mapped to IPv4', '::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:10.0.0.1', '::ffff:a9fe:a9fe'],
    ['compatible with IPv4', '::127.0.0.1', '::7f00:1', '::10.0.0.1'],
    ['translated to IPv4', '64:ff9b::7f00:1', '64:ff9b::a9fe:a9fe', '64:ff9b:1::808:808', '::ffff:0:7f00:1'],
    ['tunnelled', '2002:7f00:1::', '2002:0808:0808::1', '2001::1', '192.88.99.1'],
    ['not in use', '100::1', '3fff::1', '4000::1', '5f00::1'],
    ['not an address', '', 'localhost', '1.2.3', '256.1.1.1', '1.2.3.4:80'],
  ])('refuses addresses of this kind: %s', (_, ...addresses) => {
    for (const address of addresses)
      expect([address, strict.allowsAddress(address)]).toEqual([address, false]);
  });

  it('refuses an internal IPv4 address in any notation', () => {
    for (const text of ['2130706433', '0x7f000001', '0x7f.0.0.1', '0177.0.0.1', '127.1', '0']) {
      expect([text, strict.allowsAddress(text)]).toEqual([text, false]);
    }
  });

  it('trusts no name', () => {
    expect(strict.allowsHost('example.org')).toBe(false);
  });
});

describe('with an allow-list', () => {
  const filter = createAddressFilter(
    ['10.1.0.0/16', '127.0.0.1', 'fd00::/8', 'Images.internal', '*.lan'],
    'FOREBAY_FETCH_ALLOW',
  );

  it('allows listed ranges and addresses, in mapped form too', () => {
    for (const address of ['10.1.2.3', '127.0.0.1', 'fd12::1', '::ffff:10.1.2.3', '8.8.8.8']) {
      expect([address, filter.allowsAddress(address)]).toEqual([address, true]);
    }
    for (const address of ['10.2.0.1', '127.0.0.2', 'fc12::1', '::ffff:10.2.0.1']) {
      expect([address, filter.allowsAddress(address)]).toEqual([address, false]);
    }
  });

  it('trusts listed names and those below a listed domain', () => {
    for (const host of ['images.internal', 'IMAGES.internal.', 'a.lan', 'a.b.lan']) {
      expect([host, filter.allowsHost(host)]).toEqual([host, true]);
    }
    for (const host of ['internal', 'x.images.internal', 'lan', 'evillan', 'images.internal.example.org']) {
      expect([host, filter.allowsHost(host)]).toEqual([host, false]);
    }
  });

  it('reports every entry that is not a range, an address or a name', () => {
    expect(() =>
      createAddressFilter(['10.0.0.0/40', 'ok.example', 'http://x/', '10.1'], 'FOREBAY_WEBHOOK_ALLOW'),
    ).toThrow(
      expect.objectContaining({
        code: 'config_invalid',
        message: expect.stringMatching(
          /^FOREBAY_WEBHOOK_ALLOW has .* "10.0.0.0\/40", "http:\/\/x\/", "10.1"/,
        ),
      }),
    );
  });
});
