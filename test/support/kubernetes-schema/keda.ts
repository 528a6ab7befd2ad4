// The fields of KEDA's resources that deploy/kubernetes uses. KEDA drops unknown fields, so a typing error would be silent.
import { z } from 'zod';

const NAMED = z.strictObject({ name: z.string(), namespace: z.string() });
const REF = z.strictObject({ name: z.string() });

/** As in `config/crd/bases` of KEDA, with the parameters of its scaler `metrics-api`, which are all strings. */
export const KEDA_KINDS = {
  ScaledObject: z.strictObject({
    apiVersion: z.literal('keda.sh/v1alpha1'),
    kind: z.literal('ScaledObject'),
    metadata: NAMED,
    spec: z.strictObject({
      scaleTargetRef: REF,
      pollingInterval: z.int().min(1),
      cooldownPeriod: z.int().min(0),
      minReplicaCount: z.int().min(0),
      maxReplicaCount: z.int().min(1),
      advanced: z.strictObject({
        horizontalPodAutoscalerConfig: z.strictObject({
          behavior: z.strictObject({
            scaleDown: z.strictObject({
              stabilizationWindowSeconds: z.int().min(0).max(3600),
              policies: z.array(
                z.strictObject({
                  type: z.enum(['Percent', 'Pods']),
                  value: z.int().min(1),
                  periodSeconds: z.int().min(1).max(1800),
                }),
              ),
            }),
          }),
        }),
      }),
      triggers: z.array(
        z.strictObject({
          type: z.literal('metrics-api'),
          metadata: z.strictObject({
            url: z.url(),
            valueLocation: z.string(),
            targetValue: z.string(),
            authMode: z.literal('bearer'),
          }),
          authenticationRef: REF,
        }),
      ),
    }),
  }),
  TriggerAuthentication: z.strictObject({
    apiVersion: z.literal('keda.sh/v1alpha1'),
    kind: z.literal('TriggerAuthentication'),
    metadata: NAMED,
    spec: z.strictObject({
      secretTargetRef: z.array(z.strictObject({ parameter: z.string(), name: z.string(), key: z.string() })),
    }),
  }),
};
