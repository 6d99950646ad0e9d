/** An error with the code and the message of an AWS service, since SDKs and people search for both. */
export class AwsError extends Error {
    constructor(
        readonly code: string,
        message: string,
        readonly status: number,
    ) {
        super(message);
        this.name = code;
    }
}

export function validationError(message: string): AwsError {
    return new AwsError("ValidationError", message, 400);
}

/** The message of AWS's generated model validation: "1 validation error detected: Value 'x' at 'roleName' …". */
export function constraintError(value: string, member: string, constraint: string): AwsError {
    return validationError(
        `1 validation error detected: Value '${value}' at '${member}' failed to satisfy constraint: ${constraint}`,
    );
}
