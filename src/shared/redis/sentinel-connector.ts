/** Connects to the primary that Sentinels name. If none of them answers, the client tries again. */
import type { RedisOptions } from 'ioredis';
import { failedConnection } from './failed-connection.ts';
import { SentinelConnector } from './ioredis.ts';

class PatientSentinelConnector extends SentinelConnector {
  override async connect(...args: Parameters<SentinelConnector['connect']>) {
    try {
      return await super.connect(...args);
    } catch (error) {
      this.firstError = error as Error;
      return failedConnection();
    }
  }
}

/** The value of the option `Connector` of ioredis. */
export const sentinelConnector = PatientSentinelConnector as NonNullable<RedisOptions['Connector']>;
