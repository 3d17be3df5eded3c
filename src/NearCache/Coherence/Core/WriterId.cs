using System.Globalization;
using System.Text;

namespace NearCache.Coherence.Core;

/// <summary>The short id of a process, which the client flags of its log records carry. 0: unknown.</summary>
/// <remarks>
/// Derived from the process's id among the members, which it draws at its start, so that two starts differ. Two of a thousand processes
/// share a short id with a probability of 1 in 10,000. Documented with a test vector in docs/formats.md.
/// </remarks>
internal readonly record struct WriterId(uint Value)
{
    /// <summary>Gets a value indicating whether the writer is known.</summary>
    public bool IsKnown => Value != 0;

    /// <summary>Returns the short id of a process.</summary>
    /// <param name="member">The id of the process among the members.</param>
    public static WriterId Of(string member) => new(Math.Max((uint)KeyHash.Of(Encoding.UTF8.GetBytes(member)).Value, 1));

    /// <summary>Parses the text that <see cref="ToString"/> returns.</summary>
    public static bool TryParse(string? text, out WriterId id)
    {
        var isValid = uint.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) && text!.Length == 8;
        id = new WriterId(isValid ? value : 0);
        return isValid;
    }

    /// <summary>Returns the id as 8 hexadecimal digits.</summary>
    public override string ToString() => Value.ToString("x8", CultureInfo.InvariantCulture);
}
