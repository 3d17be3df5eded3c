using System.Diagnostics.CodeAnalysis;

namespace NearCache;

/// <summary>A part of what a <see cref="FleetClient"/> has observed: its value, or why it is unknown.</summary>
/// <remarks>A part that could not be read is never shown as zero, empty or well.</remarks>
/// <typeparam name="T">The type of the value.</typeparam>
public sealed record Observed<T>
{
    private Observed(T? value, string? unknown, UnknownCause cause) => (Value, Unknown, Cause) = (value, unknown, cause);

    /// <summary>Gets the value; the default of its type if it is unknown.</summary>
    public T? Value { get; }

    /// <summary>Gets why the value is unknown, for people; null if it is known.</summary>
    public string? Unknown { get; }

    /// <summary>Gets the kind of the reason; <see cref="UnknownCause.None"/> if the value is known.</summary>
    public UnknownCause Cause { get; }

    /// <summary>Gets a value indicating whether the value is known.</summary>
    [MemberNotNullWhen(true, nameof(Value))]
    [MemberNotNullWhen(false, nameof(Unknown))]
    public bool IsKnown => Unknown is null;

    /// <summary>Returns the value as text, or <c>unknown</c> with the reason.</summary>
    public override string ToString() => IsKnown ? Value.ToString() ?? "" : $"unknown: {Unknown}";

    internal static Observed<T> Of(T value) => new(value, null, UnknownCause.None);

    internal static Observed<T> Missing(string reason, UnknownCause cause = UnknownCause.Other) => new(default, reason, cause);

    internal Observed<TResult> Select<TResult>(Func<T, Observed<TResult>> select) =>
        IsKnown ? select(Value) : Observed<TResult>.Missing(Unknown, Cause);
}

/// <summary>Specifies the kind of a reason for which a part of an answer is unknown.</summary>
public enum UnknownCause
{
    /// <summary>The value is known.</summary>
    None,

    /// <summary>Another reason, which the text states.</summary>
    Other,

    /// <summary>The server is not reached, or does not answer in time.</summary>
    NoAnswer,

    /// <summary>The server has as many connections as it allows.</summary>
    ServerFull,

    /// <summary>TLS, the user name or the password does not fit the server.</summary>
    NotAuthenticated,

    /// <summary>The access rights do not allow it.</summary>
    NotPermitted,

    /// <summary>The version of the server is too old.</summary>
    ServerTooOld,

    /// <summary>A server of the ensemble has no quorum.</summary>
    NoQuorum,

    /// <summary>What is read does not exist.</summary>
    Absent,

    /// <summary>What is read is not in a format that this version can read.</summary>
    Unreadable,
}

/// <summary>Creates parts of answers, for tests of programs that show them.</summary>
public static class Observed
{
    /// <summary>Creates a part that is known.</summary>
    /// <param name="value">The value.</param>
    public static Observed<T> Known<T>(T value) => Observed<T>.Of(value);

    /// <summary>Creates a part that is unknown.</summary>
    /// <param name="reason">The reason, for people.</param>
    /// <param name="cause">The kind of the reason. Default: <see cref="UnknownCause.Other"/>.</param>
    public static Observed<T> Unknown<T>(string reason, UnknownCause cause = UnknownCause.Other)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(reason);
        return cause == UnknownCause.None
            ? throw new ArgumentException("A part with a reason is not known, so its cause cannot be None.", nameof(cause))
            : Observed<T>.Missing(reason, cause);
    }
}
