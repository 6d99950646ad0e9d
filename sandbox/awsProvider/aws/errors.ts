/**
 * An error of the AWS API with the message of the AWS SDK for Go v2, which users of the real provider see: `operation
 * error IAM: DeleteRole, https response error StatusCode: 409, RequestID: …, DeleteConflict: …`
 * (smithy-go errors.go, OperationError; aws-sdk-go-v2 aws/transport/http/response_error.go).
 */
export class AwsError extends Error {
    public constructor(
        public readonly code: string,
        public readonly detail: string,
        operation: string,
        response: string,
        cause: unknown,
    ) {
        super(`operation error ${operation}, ${response}${code}: ${detail}`, { cause });
    }
}

interface SdkError {
    readonly name: string;
    readonly message: string;
    readonly $metadata: { readonly httpStatusCode?: number; readonly requestId?: string };
}

function isSdkError(error: unknown): error is SdkError {
    return error instanceof Error && "$metadata" in error;
}

export function toAwsError(error: unknown, clientName: string, commandName: string): Error {
    const service = clientName.replace(/Client$/, "");
    const operation = `${service}: ${commandName.replace(/Command$/, "")}`;
    if (!isSdkError(error)) {
        const message = error instanceof Error ? error.message : String(error);
        return new Error(`operation error ${operation}, ${message}`, { cause: error });
    }
    const { httpStatusCode, requestId } = error.$metadata;
    const response =
        httpStatusCode === undefined
            ? ""
            : `https response error StatusCode: ${httpStatusCode}, RequestID: ${requestId ?? ""}, `;
    // IAM's codes do not end in "Exception": the SDK for JavaScript adds it to its class names.
    const code = service === "IAM" ? error.name.replace(/Exception$/, "") : error.name;
    // For a code that is not in the service's model, the SDK for Go makes an error of smithy-go's and says so (errors.go,
    // GenericAPIError). EC2 models none.
    const generic = error.constructor.name === `${service}ServiceException` ? "api error " : "";
    return new AwsError(code, error.message, operation, response + generic, error);
}

export function hasCode(error: unknown, ...codes: string[]): error is AwsError {
    return error instanceof AwsError && codes.includes(error.code);
}

/** EKS has two codes for "not found" (terraform-provider-aws internal/service/eks/cluster.go, findClusterByName). */
export function isNotFound(error: unknown): boolean {
    return (
        hasCode(
            error,
            "NoSuchEntity",
            "ResourceNotFoundException",
            "InvalidVpcID.NotFound",
            "InvalidSubnetID.NotFound",
            "InvalidGroup.NotFound",
        ) ||
        (hasCode(error, "ClientException") && error.detail.includes("No cluster found for name:"))
    );
}

/** The value, or undefined when AWS answers that the resource does not exist. */
export async function ifFound<T>(promise: Promise<T>): Promise<T | undefined> {
    try {
        return await promise;
    } catch (error) {
        if (isNotFound(error)) {
            return undefined;
        }
        throw error;
    }
}

/** Puts the provider's message in front of an API error. */
export async function explain<T>(doing: string, promise: Promise<T>): Promise<T> {
    try {
        return await promise;
    } catch (error) {
        throw new Error(`${doing}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
}
