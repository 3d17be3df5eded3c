namespace NearCache.Management.Api.Models;

/// <summary>A part of an answer: a value, or why it is unknown. Numbers are nullable, so that unknown is never zero.</summary>
/// <param name="Value">The value; null if it is unknown.</param>
/// <param name="Unknown">Why it is unknown; null if it is known.</param>
internal sealed record Part<T>(T? Value, string? Unknown);

/// <summary>Creates parts.</summary>
internal static class Part
{
    /// <summary>Returns a part that is known.</summary>
    public static Part<T> Of<T>(T value) => new(value, null);

    /// <summary>Returns a number, or why it is unknown.</summary>
    public static Part<double?> Number(double? value, string unknown) => value is null ? new(null, unknown) : new(value, null);

    /// <summary>Returns an observed number.</summary>
    public static Part<double?> Number(Observed<double> part) => new(part.IsKnown ? part.Value : null, part.Unknown);

    /// <inheritdoc cref="Number(Observed{double})"/>
    public static Part<double?> Number(Observed<int> part) => new(part.IsKnown ? part.Value : null, part.Unknown);

    /// <summary>Returns an observed text.</summary>
    public static Part<string> Text(string? value, string unknown) => value is null ? new(null, unknown) : new(value, null);

    /// <summary>Returns an observed part in the form of the answer.</summary>
    public static Part<TResult> Of<T, TResult>(Observed<T> part, Func<T, TResult> select) =>
        part.IsKnown ? new(select(part.Value), null) : new(default, part.Unknown);
}

/// <summary>A figure beside its value an hour ago.</summary>
internal sealed record FigureModel(Part<double?> Now, Part<double?> HourAgo);
