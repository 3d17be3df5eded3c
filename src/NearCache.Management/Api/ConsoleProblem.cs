using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using NearCache.Management.Api.Models;

namespace NearCache.Management.Api;

/// <summary>The exception that is thrown when a request is answered by an error.</summary>
/// <param name="status">The status of the reply.</param>
/// <param name="code">The code by which programs tell errors apart.</param>
/// <param name="title">The kind of the error, for people.</param>
/// <param name="detail">What is wrong, and the remedy.</param>
internal sealed class ConsoleProblem(int status, string code, string title, string detail) : Exception(detail)
{
    /// <summary>Gets the status of the reply.</summary>
    public int Status => status;

    /// <summary>Gets the code.</summary>
    public string Code => code;

    /// <summary>Gets the permission that the user does not have; null if that is not the cause.</summary>
    public string? Permission { get; init; }

    /// <summary>Gets the mistakes, if there are several.</summary>
    public IReadOnlyList<string>? Mistakes { get; init; }

    /// <summary>Gets the error as it is sent.</summary>
    public ProblemModel Model => new(title, status, Message, code, Permission, Mistakes);

    /// <summary>Returns the error of a request that is not valid.</summary>
    public static ConsoleProblem Invalid(string detail) => new(StatusCodes.Status400BadRequest, "invalid", "Not valid", detail);

    /// <summary>Returns the error of a request for something that does not exist.</summary>
    public static ConsoleProblem NotFound(string detail) => new(StatusCodes.Status404NotFound, "notFound", "Not found", detail);

    /// <summary>Returns the error of a user without a permission.</summary>
    public static ConsoleProblem Forbidden(string permission, string detail) =>
        new(StatusCodes.Status403Forbidden, "forbidden", "Not permitted", detail) { Permission = permission };

    /// <summary>Returns the error that an exception of the library stands for; null if it is a defect.</summary>
    public static ConsoleProblem? Of(Exception exception) => exception switch
    {
        ConsoleProblem problem => problem,
        RevisionConflictException => new(StatusCodes.Status409Conflict, "revisionConflict", "Edited meanwhile", exception.Message),
        RuleRefusedException refused => new(StatusCodes.Status422UnprocessableEntity, "refused", "Refused", refused.Message)
        {
            Mistakes = refused.Mistakes,
        },
        NearCacheException { OutcomeUnknown: true } =>
            new(StatusCodes.Status503ServiceUnavailable, "outcomeUnknown", "Outcome unknown", exception.Message),
        NearCacheException => new(StatusCodes.Status503ServiceUnavailable, "unavailable", "Not available", exception.Message),
        OptionsValidationException => new(StatusCodes.Status503ServiceUnavailable, "unavailable", "Not available", exception.Message),
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } =>
            new(StatusCodes.Status413PayloadTooLarge, "tooLarge", "Too large", exception.Message),
        BadHttpRequestException => Invalid(exception.Message),
        ArgumentException argument => Invalid(WithoutParameter(argument)),
        _ => null,
    };

    private static string WithoutParameter(ArgumentException exception)
    {
        var end = exception.Message.LastIndexOf(" (Parameter ", StringComparison.Ordinal);
        return end < 0 ? exception.Message : exception.Message[..end];
    }
}
