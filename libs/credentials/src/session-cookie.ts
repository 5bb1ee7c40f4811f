import { Injectable } from '@nestjs/common';
import { sessionCookie } from '#http';
import { PublicUrl } from '#mail';

/** The console's session: out of reach of scripts, and of requests that come from other sites. */
@Injectable()
export class SessionCookie {
  readonly #publicUrl: PublicUrl;

  constructor(publicUrl: PublicUrl) {
    this.#publicUrl = publicUrl;
  }

  set(token: string): string {
    return this.#with(token, '');
  }

  clear(): string {
    return this.#with('', ' Max-Age=0;');
  }

  /** `Secure` wherever people reach the product by more than this machine's own network. */
  #with(value: string, lifetime: string): string {
    const secure = this.#publicUrl.isLoopback ? '' : ' Secure;';
    return `${sessionCookie}=${value}; Path=/;${lifetime} HttpOnly;${secure} SameSite=Strict`;
  }
}
