using System.Diagnostics.CodeAnalysis;

namespace NearCache;

/// <summary>A part of what a <see cref="FleetClient"/> has observed: its value, or why it is unknown.</summary>
/// <remarks>A part that could not be read is never shown as zero, empty or well.</remarks>
/// <typeparam name="T">The type of the value.</typeparam>
public sealed record Observed<T>
{
    private Observed(T? value, string? unknown) => (Value, Unknown) = (value, unknown);

    /// <summary>Gets the value; the default of its type if it is unknown.</summary>
    public T? Value { get; }

    /// <summary>Gets why the value is unknown, for people; null if it is known.</summary>
    public string? Unknown { get; }

    /// <summary>Gets a value indicating whether the value is known.</summary>
    [MemberNotNullWhen(true, nameof(Value))]
    [MemberNotNullWhen(false, nameof(Unknown))]
    public bool IsKnown => Unknown is null;

    /// <summary>Returns the value as text, or <c>unknown</c> with the reason.</summary>
    public override string ToString() => IsKnown ? Value.ToString() ?? "" : $"unknown: {Unknown}";

    internal static Observed<T> Of(T value) => new(value, null);

    internal static Observed<T> Missing(string reason) => new(default, reason);

    internal Observed<TResult> Select<TResult>(Func<T, Observed<TResult>> select) =>
        IsKnown ? select(Value) : Observed<TResult>.Missing(Unknown);
}
