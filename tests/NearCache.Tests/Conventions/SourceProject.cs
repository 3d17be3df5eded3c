using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace NearCache.Tests.Conventions;

/// <summary>A project as the compiler resolves it: the uses of each folder's types by other folders.</summary>
internal sealed class SourceProject
{
    private const string ImplicitUsings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    private readonly CSharpCompilation _compilation;

    private SourceProject(string name, IEnumerable<(string Path, string Text)> files)
    {
        var options = CSharpParseOptions.Default.WithLanguageVersion(LanguageVersion.Preview);
        var trees = files.Append(("", ImplicitUsings)).Select(file => CSharpSyntaxTree.ParseText(file.Item2, options, file.Item1));
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetFileNameWithoutExtension(path) != name)
            .Select(path => MetadataReference.CreateFromFile(path));
        _compilation = CSharpCompilation.Create(
            name, trees, references, new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true));
    }

    /// <summary>Reads a project below <c>src</c>.</summary>
    public static SourceProject Read(string name) => new(
        name, Repository.Files($"src/{name}", "*.cs")
            .Select(file => (file[$"src/{name}/".Length..], File.ReadAllText(Repository.At(file)))));

    /// <summary>A project of the given texts.</summary>
    public static SourceProject Of(params (string Path, string Text)[] files) => new("Example", files);

    /// <summary>The folders with sources; the root is empty.</summary>
    public IEnumerable<string> Folders => Files.Select(FolderOf).Distinct();

    /// <summary>The files.</summary>
    public IEnumerable<string> Files => _compilation.SyntaxTrees.Select(tree => tree.FilePath).Where(path => path.Length > 0);

    /// <summary>Names that the compiler could not resolve. If there are any, the uses are incomplete.</summary>
    public IEnumerable<string> Unresolved => _compilation.GetDiagnostics()
        .Where(diagnostic => diagnostic.Id is "CS0246" or "CS0234" or "CS0103" or "CS0012")
        .Select(diagnostic => diagnostic.ToString());

    /// <summary>Each use of a type of this project, or of a member of one, by the file that uses it.</summary>
    public IEnumerable<SourceUse> Uses()
    {
        foreach (var tree in _compilation.SyntaxTrees.Where(tree => tree.FilePath.Length > 0))
        {
            var model = _compilation.GetSemanticModel(tree);
            var seen = new HashSet<string>();
            foreach (var name in tree.GetRoot().DescendantNodes().OfType<SimpleNameSyntax>())
            {
                foreach (var type in TypesOf(model, name))
                {
                    foreach (var declared in type.DeclaringSyntaxReferences.Select(reference => reference.SyntaxTree.FilePath))
                    {
                        if (declared != tree.FilePath && seen.Add(declared))
                        {
                            yield return new SourceUse(tree.FilePath, declared, type.Name);
                        }
                    }
                }
            }
        }
    }

    /// <summary>
    /// The files that use a type: they name it or a member of it, or contain an expression of that type, alone or as an argument of a
    /// generic type.
    /// </summary>
    /// <param name="type">Its full name.</param>
    public IEnumerable<string> FilesThatUse(string type) => _compilation.SyntaxTrees.Where(tree => tree.FilePath.Length > 0).Where(tree =>
    {
        var model = _compilation.GetSemanticModel(tree);
        return tree.GetRoot().DescendantNodes().OfType<SimpleNameSyntax>().Any(name =>
            !IsDocumentation(name) && (Concerns(model.GetSymbolInfo(name).Symbol, type) || Has(model.GetTypeInfo(name).Type, type)));
    }).Select(tree => tree.FilePath).Where(path => !path.EndsWith(type[(type.LastIndexOf('.') + 1)..] + ".cs", StringComparison.Ordinal));

    /// <summary>The members of a type that a file uses.</summary>
    public IEnumerable<string> CallsOf(string type, string file)
    {
        var tree = _compilation.SyntaxTrees.Single(tree => tree.FilePath == file);
        var model = _compilation.GetSemanticModel(tree);
        return tree.GetRoot().DescendantNodes().OfType<SimpleNameSyntax>()
            .Select(name => IsDocumentation(name) ? null : model.GetSymbolInfo(name).Symbol)
            .Where(symbol => symbol?.ContainingType?.ToDisplayString() == type)
            .Select(symbol => symbol!.Name);
    }

    /// <summary>The folder of a file.</summary>
    public static string FolderOf(string file) => file.LastIndexOf('/') is > 0 and var slash ? file[..slash] : "";

    private static bool IsDocumentation(SyntaxNode node) => node.Ancestors().OfType<DocumentationCommentTriviaSyntax>().Any();

    private static bool Concerns(ISymbol? symbol, string type) => Has(symbol as ITypeSymbol, type) || Has(symbol?.ContainingType, type);

    private static bool Has(ITypeSymbol? symbol, string type) =>
        symbol?.OriginalDefinition.ToDisplayString() == type
            || (symbol is INamedTypeSymbol { TypeArguments: var arguments } && arguments.Any(argument => Has(argument, type)));

    // The named type or the type of the named member, and the type of its value, which need not be named.
    private static IEnumerable<INamedTypeSymbol> TypesOf(SemanticModel model, SimpleNameSyntax name)
    {
        var symbol = model.GetSymbolInfo(name).Symbol;
        var named = symbol is INamedTypeSymbol type ? type : symbol?.ContainingType;
        // A name alone, as in nameof(X), is not a use.
        if (name.Ancestors().OfType<InvocationExpressionSyntax>()
            .Any(call => call.Expression is IdentifierNameSyntax { Identifier.Text: "nameof" }))
        {
            yield break;
        }

        if (named is not null)
        {
            yield return named.OriginalDefinition;
        }

        if (symbol is not INamedTypeSymbol and not INamespaceSymbol && model.GetTypeInfo(name).Type is INamedTypeSymbol yielded)
        {
            yield return yielded.OriginalDefinition;
        }
    }
}

/// <summary>A file that uses a type.</summary>
/// <param name="User">The file that uses it.</param>
/// <param name="Used">The file that declares it.</param>
/// <param name="Type">The type.</param>
internal sealed record SourceUse(string User, string Used, string Type);
