import { AwsError } from "./errors";
import type { Service } from "./protocol";

/** Which calls are throttled, for each service separately. Without a number none are. */
export interface Throttling {
    /** Every second, third, … call; 1 means every call. */
    readonly everyNth?: number;
    /**
     * The calls a second that pass: a bucket of that many tokens, refilled at that rate
     * (https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html; IAM and STS do the same,
     * https://github.com/hashicorp/terraform-provider-aws/issues/44853). AWS does not publish its own numbers for IAM.
     */
    readonly perSecond?: number;
}

interface Meter {
    calls: number;
    tokens: number;
    filledAt: number;
}

/** Throttles calls as AWS does for callers above its rate. It throttles none until limits are set. */
export class Throttle {
    private throttling: Throttling = {};
    private readonly meters = new Map<Service, Meter>();

    constructor(private readonly now: () => number = Date.now) {}

    set(throttling: Throttling): void {
        this.throttling = throttling;
        this.meters.clear();
    }

    refusal(service: Service): AwsError | undefined {
        const { everyNth, perSecond } = this.throttling;
        const meter = this.meterOf(service, perSecond ?? 0);
        meter.calls += 1;
        const isNth = everyNth !== undefined && meter.calls % everyNth === 0;
        return isNth || (perSecond !== undefined && !this.take(meter, perSecond)) ? tooMany(service) : undefined;
    }

    private meterOf(service: Service, tokens: number): Meter {
        const meter = this.meters.get(service) ?? { calls: 0, tokens, filledAt: this.now() };
        this.meters.set(service, meter);
        return meter;
    }

    private take(meter: Meter, perSecond: number): boolean {
        const now = this.now();
        meter.tokens = Math.min(perSecond, meter.tokens + ((now - meter.filledAt) / 1000) * perSecond);
        meter.filledAt = now;
        if (meter.tokens < 1) {
            return false;
        }
        meter.tokens -= 1;
        return true;
    }
}

/**
 * EC2: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html (RequestLimitExceeded), with the
 * status of https://github.com/cloudfoundry/bosh-aws-cpi-release/issues/61. IAM:
 * https://github.com/legion-platform/legion/issues/807. EKS: code and message that DescribeCluster was seen to answer
 * (https://github.com/awslabs/amazon-eks-ami/issues/218), with the status of ThrottlingException in EKS's model.
 */
function tooMany(service: Service): AwsError {
    switch (service) {
        case "ec2":
            return new AwsError("RequestLimitExceeded", "Request limit exceeded.", 503);
        case "eks":
            return new AwsError("TooManyRequestsException", "Too Many Requests", 429);
        case "eks-auth":
            // botocore's model of EKS Auth (service-2.json), ThrottlingException
            return new AwsError("ThrottlingException", "Too Many Requests", 429);
        default:
            return new AwsError("Throttling", "Rate exceeded", 400);
    }
}
