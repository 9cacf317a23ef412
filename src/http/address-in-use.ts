import { ConfigError } from '../core/error.ts';

/** Something else listens on the address: perhaps not for long. */
export class AddressInUse extends ConfigError {}
