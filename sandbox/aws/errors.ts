/** A refusal as an AWS service words it: the code and the text are what SDKs and people search for. */
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

/** The wording of AWS's generated model validation: "1 validation error detected: Value 'x' at 'roleName' …". */
export function constraintError(value: string, member: string, constraint: string): AwsError {
    return validationError(
        `1 validation error detected: Value '${value}' at '${member}' failed to satisfy constraint: ${constraint}`,
    );
}
