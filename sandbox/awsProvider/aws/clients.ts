import type { EC2 } from "@aws-sdk/client-ec2";
import type { EKS } from "@aws-sdk/client-eks";
import type { IAM } from "@aws-sdk/client-iam";
import type { STS } from "@aws-sdk/client-sts";
import type { MiddlewareStack } from "@smithy/types";
import { ProviderConfig, Service } from "./config";
import { toAwsError } from "./errors";

/**
 * Clients of the AWS API for one configuration. Each is loaded on first use, which keeps the start of the plugin quick.
 */
export class AwsClients {
    private readonly clients = new Map<string, Promise<unknown>>();

    public constructor(private readonly config: ProviderConfig) {}

    public iam(): Promise<IAM> {
        return this.client("iam", undefined, async (options) => new (await import("@aws-sdk/client-iam")).IAM(options));
    }

    public sts(): Promise<STS> {
        return this.client("sts", undefined, async (options) => new (await import("@aws-sdk/client-sts")).STS(options));
    }

    public eks(region?: string): Promise<EKS> {
        return this.client("eks", region, async (options) => new (await import("@aws-sdk/client-eks")).EKS(options));
    }

    public ec2(region?: string): Promise<EC2> {
        return this.client("ec2", region, async (options) => new (await import("@aws-sdk/client-ec2")).EC2(options));
    }

    private client<T extends Client>(
        service: Service,
        region: string | undefined,
        make: (options: ClientOptions) => Promise<T>,
    ): Promise<T> {
        const options = this.options(service, region);
        const key = `${service} ${options.region}`;
        const client = (this.clients.get(key) as Promise<T> | undefined) ?? make(options).then(withAwsErrors);
        this.clients.set(key, client);
        return client;
    }

    private options(service: Service, region: string | undefined): ClientOptions {
        const { credentials, endpoints, profile, maxAttempts } = this.config;
        const endpoint = endpoints[service];
        return {
            region: region ?? this.config.region,
            maxAttempts,
            ...(credentials === undefined ? {} : { credentials }),
            ...(profile === undefined ? {} : { profile }),
            ...(endpoint === undefined ? {} : { endpoint }),
        };
    }
}

interface ClientOptions {
    readonly region: string;
    readonly maxAttempts: number;
    readonly credentials?: NonNullable<ProviderConfig["credentials"]>;
    readonly profile?: string;
    readonly endpoint?: string;
}

interface Client {
    // The stacks of the four clients differ only in their input and output types.
    readonly middlewareStack: Pick<MiddlewareStack<object, object>, "add">;
}

/** Turns every error of a client into an AwsError that names its operation. */
function withAwsErrors<T extends Client>(client: T): T {
    client.middlewareStack.add(
        (next, context) => async (args) => {
            try {
                return await next(args);
            } catch (error) {
                throw toAwsError(error, context.clientName ?? "", context.commandName ?? "");
            }
        },
        { step: "initialize", name: "awsErrors" },
    );
    return client;
}
