import type { LinkPurpose } from '#tokens';

export const linkPaths: Readonly<Record<LinkPurpose, string>> = {
  invitation: '/invitations/accept',
  email_verification: '/email-verifications/complete',
  password_reset: '/password-resets/complete',
};

/** Built from the configured public URL alone; no request ever has a part in it. */
export const link = (publicUrl: string, path: string, token?: string): string => {
  const url = new URL(publicUrl);
  url.pathname = url.pathname.replace(/\/+$/, '') + path;
  url.search = '';
  url.hash = '';
  if (token !== undefined) url.searchParams.set('token', token);
  return url.href;
};

/** Where people reach the product: the base of every link, known at the latest when the port is. */
export class PublicUrl {
  value = '';

  get isLoopback(): boolean {
    const { hostname } = new URL(this.value);
    return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname);
  }
}
