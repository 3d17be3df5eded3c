using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using NearCache.Rules;

namespace NearCache.Coherence.Namespaces;

/// <summary>
/// What a whole namespace was when its removal was planned: its nodes with their versions, and its rules. It is kept in a file, which is
/// also what the rules can be restored from.
/// </summary>
/// <param name="Namespace">The namespace.</param>
/// <param name="PlannedAt">When it was looked at, by the clock of the machine that did.</param>
/// <param name="Nodes">Its nodes.</param>
/// <param name="Registry">What <c>rules</c> holds; empty: there is none.</param>
internal sealed record NamespaceRecord(string Namespace, DateTimeOffset PlannedAt, ImmutableArray<NamespaceNode> Nodes, string Registry)
{
    private const int Format = 1;

    private static readonly JsonWriterOptions Writing = new() { Indented = true };

    /// <summary>When anything in it was last written or made.</summary>
    public DateTimeOffset LastChange => Nodes.IsEmpty ? DateTimeOffset.MinValue : Nodes.Max(node => node.ChangedAt);

    /// <summary>Has nothing been written, made, removed or joined since?</summary>
    public bool IsSame(NamespaceRecord other) => Namespace == other.Namespace && Nodes.SequenceEqual(other.Nodes);

    /// <summary>As the text of a file.</summary>
    public byte[] Write()
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, Writing))
        {
            writer.WriteStartObject();
            writer.WriteNumber("format"u8, Format);
            writer.WriteString("namespace"u8, Namespace);
            writer.WriteString("plannedAt"u8, StopsFormat.Time(PlannedAt));
            writer.WriteStartArray("nodes"u8);
            foreach (var node in Nodes)
            {
                writer.WriteStartObject();
                writer.WriteString("path"u8, node.Path);
                writer.WriteNumber("created"u8, node.Created);
                writer.WriteNumber("version"u8, node.Version);
                writer.WriteNumber("childrenVersion"u8, node.ChildrenVersion);
                writer.WriteString("changedAt"u8, StopsFormat.Time(node.ChangedAt));
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteString("rules"u8, Registry);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads what <see cref="Write"/> wrote. False: it is something else.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> content, out NamespaceRecord record)
    {
        record = null!;
        try
        {
            using var document = JsonDocument.Parse(content);
            var root = document.RootElement;
            if (root.GetProperty("format").GetInt32() != Format)
            {
                return false;
            }

            record = new NamespaceRecord(
                RuleSetFormat.Text(root, "namespace"),
                StopsFormat.Time(RuleSetFormat.Text(root, "plannedAt")),
                [.. root.GetProperty("nodes").EnumerateArray().Select(node => new NamespaceNode(
                    RuleSetFormat.Text(node, "path"),
                    node.GetProperty("created").GetInt64(),
                    node.GetProperty("version").GetInt32(),
                    node.GetProperty("childrenVersion").GetInt32(),
                    StopsFormat.Time(RuleSetFormat.Text(node, "changedAt"))))],
                RuleSetFormat.Text(root, "rules"));
            return true;
        }
        catch (Exception exception) when (RuleSetFormat.IsUnreadable(exception))
        {
            return false;
        }
    }

    /// <summary>Whether a registry can be restored from its text.</summary>
    public static bool IsText(ReadOnlyMemory<byte> registry) => Utf8.IsValid(registry.Span);

    /// <summary>The text of a registry.</summary>
    public static string TextOf(ReadOnlyMemory<byte> registry) => Encoding.UTF8.GetString(registry.Span);
}

/// <summary>One node of a namespace.</summary>
/// <param name="Path">Which.</param>
/// <param name="Created">The transaction that made it.</param>
/// <param name="Version">How often its data were written.</param>
/// <param name="ChildrenVersion">
/// How often a child of it was made or removed: of <c>members</c>, how often a process joined or left.
/// </param>
/// <param name="ChangedAt">When it was last written.</param>
internal readonly record struct NamespaceNode(string Path, long Created, int Version, int ChildrenVersion, DateTimeOffset ChangedAt);
